/**
 * What a FailedScheduling event says: how many nodes refuse the pod for which reason, then what preemption could do about
 * it (FitError in pkg/scheduler/framework/types.go, preemption.go and default_preemption.go of Kubernetes 1.34). Nothing is
 * preempted here: all pods have one priority, so there is never a victim.
 */
import type { Pod } from '../../kube/types.ts'
import type { Refusal } from './filters.ts'

/** One refusal per node. */
export function unfitMessage(pod: Pod, refusals: readonly Refusal[], kubernetesMinor: number): string {
  if (refusals.length === 0) return 'no nodes available to schedule pods'
  const why = histogram(refusals.flatMap(({ reasons }) => reasons))
  // Dynamic resource allocation is on from 1.34 on, and is asked before preemption.
  const claims = kubernetesMinor >= 34 ? 'no new claims to deallocate, ' : ''
  return `${noNode(refusals)}${why}. ${claims}preemption: ${preemption(pod, refusals)}`
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
