/**
 * What a FailedScheduling event says: how many nodes refuse the pod for which reason, then what preemption could do about
 * it (FitError in pkg/scheduler/framework/types.go, preemption.go and default_preemption.go of Kubernetes 1.34). Nothing is
 * preempted here: all pods have one priority, so there is never a victim.
 */
import type { Pod } from '../../kube/types.ts'
import type { Refusal } from './filters.ts'

const noNodes = 'no nodes available to schedule pods'

/** One refusal per node. */
export function unfitMessage(pod: Pod, refusals: readonly Refusal[], kubernetesMinor: number): string {
  if (refusals.length === 0) return noNodes
  const why = histogram(refusals.flatMap(({ reasons }) => reasons))
  // Dynamic resource allocation is on from 1.34 on, and is asked before preemption.
  const claims = kubernetesMinor >= 34 ? 'no new claims to deallocate, ' : ''
  return `${noNode(refusals)}${why}. ${claims}preemption: ${preemption(pod, refusals)}`
}

/** The pod was refused before any node was looked at. As measured: 1.34 has nothing to say about preemption then. */
export function refusedMessage(pod: Pod, why: string, nodes: number, kubernetesMinor: number): string {
  if (nodes === 0) return noNodes
  const refusals = Array.from({ length: nodes }, () => ({ reasons: [why], resolvable: false }))
  const rest = kubernetesMinor >= 34 ? 'not found' : `preemption: ${preemption(pod, refusals)}`
  return `${noNode(refusals)}${why}. ${rest}`
}

function preemption({ spec }: Pod, refusals: readonly Refusal[]): string {
  if ((spec as { preemptionPolicy?: string }).preemptionPolicy === 'Never')
    return 'not eligible due to preemptionPolicy=Never.'
  const outlooks = refusals.map(({ resolvable }) =>
    resolvable ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
  )
  return `${noNode(refusals)}${histogram(outlooks)}.`
}

function noNode(refusals: readonly Refusal[]): string {
  return `0/${refusals.length} nodes are available: `
}

/** `2 Insufficient cpu, 1 Too many pods`, sorted as texts. */
function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')
}
