/**
 * While no pod is ready, those that terminate are still tried, whether they listen or not (semantics §7.3): then a
 * longer preStop is not what helps.
 */
import type { Attribution } from './analysis.ts'
import { inForceAt } from './routing.ts'
import type { Timeline } from './timeline.ts'

/** Whether more than half of these were sent while the EndpointSlices named no ready pod. */
export function mostWithoutReadyPod(
  failures: readonly Attribution[],
  { routing, recording }: Timeline,
): boolean {
  const without = failures.filter(({ scheduledUs }) => {
    const atUs = recording.manifest.startedUs + scheduledUs
    return inForceAt(routing.usable, atUs)?.ready === 0
  })
  return without.length * 2 > failures.length
}
