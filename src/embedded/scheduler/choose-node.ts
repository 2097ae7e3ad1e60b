/** One scheduling decision: filter, score, and draw among the best. Pure but for the draw, which is seeded. */
import type { Random } from '../../base/random.ts'
import type { LabelSelector, Pod } from '../../kube/types.ts'
import { nodeFilters, type Refusal } from './filters.ts'
import { affinityFilter } from './pod-affinity.ts'
import { volumeFilter, type UsableClaims } from './pod-claims.ts'
import { totalScores } from './scores.ts'
import type { NodeState, Snapshot } from './snapshot.ts'
import { spreadFilter } from './topology-spread.ts'
import { unfitMessage } from './unfit-message.ts'

export type Choice = { kind: 'node'; name: string } | { kind: 'none'; message: string }

export function chooseNode(
  pod: Pod,
  { nodes }: Snapshot,
  ownSelector: LabelSelector | undefined,
  claims: UsableClaims,
  random: Random,
  kubernetesMinor: number,
): Choice {
  const refusals: Refusal[] = []
  const [spread, affinity] = [spreadFilter(pod, nodes), affinityFilter(pod, nodes)]
  const volumes = volumeFilter(claims, kubernetesMinor)
  const fitting = nodes.filter(state => {
    const refusal =
      firstRefusal(pod, state, kubernetesMinor) ?? volumes(state) ?? spread(state) ?? affinity(state)
    if (refusal !== null) refusals.push(refusal)
    return refusal === null
  })
  if (fitting.length === 0) return { kind: 'none', message: unfitMessage(pod, refusals, kubernetesMinor) }
  const scores = totalScores(pod, fitting, nodes, ownSelector)
  const best = Math.max(...scores)
  return { kind: 'node', name: random.pick(fitting.filter((_, at) => scores[at] === best)).name }
}

function firstRefusal(pod: Pod, state: NodeState, kubernetesMinor: number): Refusal | null {
  for (const filter of nodeFilters) {
    const refusal = filter(pod, state, kubernetesMinor)
    if (refusal !== null) return refusal
  }
  return null
}
