/** One scheduling decision: filter, score, and draw among the best. Pure but for the draw, which is seeded. */
import type { Random } from '../../base/random.ts'
import type { LabelSelector, Pod } from '../../kube/types.ts'
import { nodeFilters } from './filters.ts'
import { affinityFilter } from './pod-affinity.ts'
import { totalScores } from './scores.ts'
import type { NodeState, Snapshot } from './snapshot.ts'
import { spreadFilter } from './topology-spread.ts'

export type Choice = { kind: 'node'; name: string } | { kind: 'none'; message: string }

export function chooseNode(
  pod: Pod,
  { nodes }: Snapshot,
  ownSelector: LabelSelector | undefined,
  random: Random,
): Choice {
  const reasons = new Map<string, number>()
  const [spread, affinity] = [spreadFilter(pod, nodes), affinityFilter(pod, nodes)]
  const fitting = nodes.filter(state => {
    const reason = firstReason(pod, state) ?? spread(state) ?? affinity(state)
    if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    return reason === null
  })
  if (fitting.length === 0) return { kind: 'none', message: unfitMessage(nodes.length, reasons) }
  const scores = totalScores(pod, fitting, nodes, ownSelector)
  const best = Math.max(...scores)
  return { kind: 'node', name: random.pick(fitting.filter((_, at) => scores[at] === best)).name }
}

function firstReason(pod: Pod, state: NodeState): string | null {
  for (const filter of nodeFilters) {
    const reason = filter(pod, state)
    if (reason !== null) return reason
  }
  return null
}

function unfitMessage(nodes: number, reasons: ReadonlyMap<string, number>): string {
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort()
  return parts.length === 0
    ? 'no nodes available to schedule pods'
    : `0/${nodes} nodes are available: ${parts.join(', ')}.`
}
