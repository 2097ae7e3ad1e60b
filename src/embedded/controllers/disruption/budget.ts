/** The arithmetic of a PodDisruptionBudget (semantics §8.1, table A.3). Pure. */
import type { Pod, PodDisruptionBudget } from '../../../kube/types.ts'
import { scaledCount } from '../int-or-string.ts'
import { instantUs } from '../instant.ts'
import { isReady, isTerminating } from '../pods.ts'

/** An evicted pod that is still there after this long was not deleted after all. */
const disruptionTimeoutUs = 2 * 60 * 1_000_000

export interface Budget {
  expectedPods: number
  desiredHealthy: number
}

/** `scale` is the sum of the sizes that the pods' controllers are asked for. */
export function budgetOf(
  { minAvailable, maxUnavailable }: PodDisruptionBudget['spec'],
  pods: number,
  scale: number,
): Budget {
  if (maxUnavailable !== undefined) {
    const missing = scaledCount(maxUnavailable, scale, 'up')
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - missing) }
  }
  if (typeof minAvailable === 'number') return { expectedPods: pods, desiredHealthy: minAvailable }
  return { expectedPods: scale, desiredHealthy: scaledCount(minAvailable ?? 0, scale, 'up') }
}

/** An integer minAvailable needs no controller's scale. */
export function needsScale({ minAvailable, maxUnavailable }: PodDisruptionBudget['spec']): boolean {
  return maxUnavailable !== undefined || typeof minAvailable === 'string'
}

export function disruptionsAllowed({ expectedPods, desiredHealthy }: Budget, healthy: number): number {
  return expectedPods <= 0 ? 0 : Math.max(0, healthy - desiredHealthy)
}

/** Ready, not Available; and neither deleted nor about to be. */
export function healthyCount(
  pods: readonly Pod[],
  disrupted: Readonly<Record<string, string>>,
  nowUs: number,
): number {
  return pods.filter(pod => {
    if (isTerminating(pod)) return false
    const evictedAt = disrupted[pod.metadata.name]
    if (evictedAt !== undefined && instantUs(evictedAt) + disruptionTimeoutUs > nowUs) return false
    return isReady(pod)
  }).length
}

export interface DisruptedPods {
  pods: Record<string, string>
  /** When the first of them expires; null when there is none. */
  recheckMs: number | null
}

/** Those evicted pods whose deletion is still to be seen. */
export function stillDisrupted(
  disrupted: Readonly<Record<string, string>>,
  pods: readonly Pod[],
  nowUs: number,
): DisruptedPods {
  const waiting = pods.flatMap(pod => {
    const at = disrupted[pod.metadata.name]
    if (at === undefined || isTerminating(pod)) return []
    const expiryUs = instantUs(at) + disruptionTimeoutUs
    return expiryUs < nowUs ? [] : [{ name: pod.metadata.name, at, expiryUs }]
  })
  const first = Math.min(...waiting.map(({ expiryUs }) => expiryUs))
  return {
    pods: Object.fromEntries(waiting.map(({ name, at }) => [name, at])),
    recheckMs: waiting.length === 0 ? null : (first - nowUs) / 1000 + 1,
  }
}
