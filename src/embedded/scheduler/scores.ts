/** Scores of the nodes that fit, with Kubernetes's default weights (semantics §3). Pure. */
import type { LabelSelector, Pod } from '../../kube/types.ts'
import { tolerates } from '../controllers/node/tolerations.ts'
import { matchesNodeTerm } from './node-terms.ts'
import { affinityScores } from './pod-affinity.ts'
import { podRequests, scoredRequests } from './pod-requests.ts'
import type { NodeState } from './snapshot.ts'
import { spreadScores } from './topology-spread.ts'

const weights = { taints: 3, nodeAffinity: 2, spread: 2, podAffinity: 2, leastAllocated: 1, balanced: 1 }

/** ImageLocality is left out: images are everywhere in the embedded cluster, so it would not tell nodes apart. */
export function totalScores(
  pod: Pod,
  candidates: readonly NodeState[],
  nodes: readonly NodeState[],
  ownSelector: LabelSelector | undefined,
): number[] {
  const zero = candidates.map(() => 0)
  const near = affinityScores(pod, candidates, nodes)
  const parts: [weight: number, scores: number[]][] = [
    [weights.taints, reversed(candidates.map(state => softTaints(pod, state)))],
    [weights.nodeAffinity, proportional(candidates.map(state => nodePreference(pod, state)))],
    [weights.spread, spreadScores(pod, candidates, nodes, ownSelector) ?? zero],
    [weights.podAffinity, near === null ? zero : stretched(near)],
    [weights.leastAllocated, candidates.map(state => leastAllocated(pod, state))],
    [weights.balanced, candidates.map(state => balance(pod, state))],
  ]
  return zero.map((_, at) => parts.reduce((total, [weight, scores]) => total + weight * (scores[at] ?? 0), 0))
}

function softTaints({ spec }: Pod, { node }: NodeState): number {
  const soft = (node.spec.taints ?? []).filter(({ effect }) => effect === 'PreferNoSchedule')
  return soft.filter(taint => !(spec.tolerations ?? []).some(toleration => tolerates(toleration, taint)))
    .length
}

function nodePreference({ spec }: Pod, state: NodeState): number {
  const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  return preferred.reduce(
    (total, { weight, preference }) => total + (matchesNodeTerm(preference, state) ? weight : 0),
    0,
  )
}

function leastAllocated({ spec }: Pod, { scored, allocatable }: NodeState): number {
  const own = scoredRequests(spec)
  return mean(
    (['cpu', 'memory'] as const).map(name => {
      const room = allocatable.get(name) ?? 0
      const used = (scored.get(name) ?? 0) + (own.get(name) ?? 0)
      return room === 0 || used > room ? 0 : Math.floor(((room - used) * 100) / room)
    }),
  )
}

/** High where CPU and memory would be used in like measure; nothing to balance for a pod without requests. */
function balance({ spec }: Pod, { requested, allocatable }: NodeState): number {
  const own = podRequests(spec)
  if (own.size === 0) return 0
  const [cpu = 0, memory = 0] = (['cpu', 'memory'] as const).map(name => {
    const room = allocatable.get(name) ?? 0
    return room === 0 ? 0 : Math.min(1, ((requested.get(name) ?? 0) + (own.get(name) ?? 0)) / room)
  })
  return Math.floor((1 - Math.abs(cpu - memory) / 2) * 100)
}

function mean(values: readonly number[]): number {
  return Math.floor(values.reduce((total, value) => total + value, 0) / values.length)
}

function proportional(raw: readonly number[]): number[] {
  const most = Math.max(0, ...raw)
  return raw.map(value => (most === 0 ? 0 : Math.floor((100 * value) / most)))
}

function reversed(raw: readonly number[]): number[] {
  return proportional(raw).map(value => 100 - value)
}

function stretched(raw: readonly number[]): number[] {
  const [least, most] = [Math.min(...raw), Math.max(...raw)]
  return raw.map(value => (most === least ? 0 : Math.floor((100 * (value - least)) / (most - least))))
}
