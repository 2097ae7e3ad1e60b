/**
 * PodTopologySpread (semantics §3): the hard constraints as a filter, the soft ones and the cluster's default spreading
 * as a score. Terminating pods are not counted, so a pod may be placed as if they were gone already.
 */
import type { LabelSelector, Pod, TopologySpreadConstraint } from '../../kube/types.ts'
import { isTerminating } from '../controllers/pods.ts'
import { matchesSelector } from '../selector.ts'
import { fitsNodeAffinity, resolvable, unresolvable, type Refusal } from './filters.ts'
import type { NodeState } from './snapshot.ts'

const hostname = 'kubernetes.io/hostname'
const zone = 'topology.kubernetes.io/zone'

/** Null where the node fits, else why not. */
export function spreadFilter(pod: Pod, nodes: readonly NodeState[]): (state: NodeState) => Refusal | null {
  const hard = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  )
  const counted = nodes.filter(
    state =>
      fitsNodeAffinity(pod, state) === null && hard.every(({ topologyKey }) => topologyKey in state.labels),
  )
  const checks = hard.map(constraint => hardCheck(pod, constraint, counted))
  return state => {
    for (const check of checks) {
      const reason = check(state)
      if (reason !== null) return reason
    }
    return null
  }
}

function hardCheck(
  pod: Pod,
  { topologyKey, labelSelector, maxSkew }: TopologySpreadConstraint,
  nodes: readonly NodeState[],
): (state: NodeState) => Refusal | null {
  const counts = new Map<string, number>()
  for (const state of nodes) {
    const domain = state.labels[topologyKey] ?? ''
    counts.set(domain, (counts.get(domain) ?? 0) + matching(pod, labelSelector, state))
  }
  const least = counts.size === 0 ? 0 : Math.min(...counts.values())
  const self = matchesSelector(labelSelector, pod.metadata.labels) ? 1 : 0
  return ({ labels }) => {
    const domain = labels[topologyKey]
    if (domain === undefined)
      return unresolvable("node(s) didn't match pod topology spread constraints (missing required label)")
    const skew = (counts.get(domain) ?? 0) + self - least
    return skew > maxSkew ? resolvable("node(s) didn't match pod topology spread constraints") : null
  }
}

interface Soft {
  topologyKey: string
  maxSkew: number
  labelSelector: LabelSelector | undefined
}

/**
 * A score of 0 to 100 for each candidate, or null when the pod wants no spreading. `ownSelector` is the selector of the
 * pod's ReplicaSet; without one there is no default spreading.
 */
export function spreadScores(
  pod: Pod,
  candidates: readonly NodeState[],
  nodes: readonly NodeState[],
  ownSelector: LabelSelector | undefined,
): number[] | null {
  const declared = pod.spec.topologySpreadConstraints ?? []
  const soft = softConstraints(declared, ownSelector)
  if (soft.length === 0) return null
  // A pod's own constraints leave out nodes that lack one of the labels; the defaults do not.
  const ignored = candidates.map(
    ({ labels }) => declared.length > 0 && soft.some(({ topologyKey }) => !(topologyKey in labels)),
  )
  const size = ignored.filter(isIgnored => !isIgnored).length
  const counters = soft.map(constraint => counterOf(pod, constraint, candidates, nodes, size))
  const raw = candidates.map((state, at) =>
    ignored[at] === true ? null : Math.round(counters.reduce((total, count) => total + count(state), 0)),
  )
  const kept = raw.filter(score => score !== null)
  const [most, least] = [Math.max(...kept), Math.min(...kept)]
  return raw.map(score => {
    if (score === null) return 0
    return most === 0 ? 100 : Math.floor((100 * (most + least - score)) / most)
  })
}

function softConstraints(
  declared: readonly TopologySpreadConstraint[],
  ownSelector: LabelSelector | undefined,
): Soft[] {
  if (declared.length > 0) {
    return declared
      .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway')
      .map(({ topologyKey, maxSkew, labelSelector }) => ({ topologyKey, maxSkew, labelSelector }))
  }
  if (ownSelector === undefined) return []
  return [
    { topologyKey: hostname, maxSkew: 3, labelSelector: ownSelector },
    { topologyKey: zone, maxSkew: 5, labelSelector: ownSelector },
  ]
}

/** Domains with many nodes weigh less than few large ones; log(size + 2) is Kubernetes's own weight. */
function counterOf(
  pod: Pod,
  { topologyKey, maxSkew, labelSelector }: Soft,
  candidates: readonly NodeState[],
  nodes: readonly NodeState[],
  size: number,
): (state: NodeState) => number {
  const counts = new Map<string, number>()
  for (const state of nodes) {
    const domain = state.labels[topologyKey]
    if (domain === undefined || fitsNodeAffinity(pod, state) !== null) continue
    counts.set(domain, (counts.get(domain) ?? 0) + matching(pod, labelSelector, state))
  }
  const domains = new Set(candidates.flatMap(({ labels }) => labels[topologyKey] ?? []))
  const weight = Math.log((topologyKey === hostname ? size : domains.size) + 2)
  return ({ labels }) => {
    const domain = labels[topologyKey]
    return domain === undefined ? 0 : (counts.get(domain) ?? 0) * weight + (maxSkew - 1)
  }
}

function matching(pod: Pod, selector: LabelSelector | undefined, { pods }: NodeState): number {
  return pods.filter(
    other =>
      !isTerminating(other) &&
      other.metadata.namespace === pod.metadata.namespace &&
      matchesSelector(selector, other.metadata.labels),
  ).length
}
