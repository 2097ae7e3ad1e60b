/** Why the load ended before it was told to. */
import type { ChildEnd } from '../base/child.ts'
import { sleep, type Clock } from '../base/clock.ts'
import { messageOf } from '../base/message-of.ts'
import { reasonOf } from '../cluster/load-process.ts'

/** How much later than the driver's end the cluster's may be seen. */
const CAUSE_LIMIT_MS = 1000

/**
 * A cluster that dies takes the driver along, and which of the two ends is seen first is chance: the cause is told.
 * `lost` rejects when the cluster dies; an aborted `signal` ends the wait for that.
 */
export async function reasonOfEarlyEnd(
  end: ChildEnd,
  lost: Promise<never>,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const known = new AbortController()
  const limit = sleep(clock, CAUSE_LIMIT_MS, AbortSignal.any([signal, known.signal]))
  try {
    return await Promise.race([lost, limit.then(() => `the load driver ended early: ${reasonOf(end)}`)])
  } catch (error) {
    return messageOf(error)
  } finally {
    known.abort()
  }
}
