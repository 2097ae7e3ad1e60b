/** Has it finished? `rollout status` says so too early: old pods may still be terminating, and requests still be lost. */
import { assertNever } from '../base/assert.ts'
import { sleep, type Clock } from '../base/clock.ts'
import type { DisruptionRecord } from '../model/recording.ts'
import type { Scenario } from '../model/scenario.ts'
import type { LiveView } from './live-view.ts'

/** Rules were seen to follow up to 1.3 s later; where no witness tells, they are given this long. */
const UNSEEN_RULES_MS = 2000

/** The driver hears of a changed table by a stream of its own, on a busy machine some milliseconds after the witness. */
const HEARD_BY_DRIVER_MS = 150

/** Waits until every pod that was to go is gone and the workload is whole again, or the scenario's limit passes. */
export async function afterDisruption(
  record: DisruptionRecord,
  scenario: Scenario,
  view: LiveView,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const whole = (): boolean => {
    const state = view.workloads.get(scenario.workload)
    return state !== undefined && state.available >= state.desired && rulesFollowed(state.desired)
  }
  const rulesFollowed = (desired: number): boolean => {
    const { forwarded } = view
    return (
      forwarded === null || (forwarded.size >= desired && !record.targets.some(pod => forwarded.has(pod)))
    )
  }
  switch (record.ending) {
    case 'completed': {
      const settled = await view.until(
        live => record.targets.every(pod => !live.pods.has(pod)) && whole(),
        scenario.settleTimeoutMs,
        signal,
      )
      if (!settled && !signal.aborted) {
        record.ending = 'timed-out'
        record.detail = `not settled ${scenario.settleTimeoutMs / 1000} s after the disruption`
      }
      await sleep(clock, view.forwarded === null ? UNSEEN_RULES_MS : HEARD_BY_DRIVER_MS, signal)
      return
    }
    case 'blocked':
    case 'timed-out':
    case 'failed':
      return
    default:
      assertNever(record.ending)
  }
}
