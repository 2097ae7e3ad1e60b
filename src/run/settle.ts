/** Has it finished? `rollout status` says so too early: old pods may still be terminating, and requests still be lost. */
import { assertNever } from '../base/assert.ts'
import type { DisruptionRecord } from '../model/recording.ts'
import type { Scenario } from '../model/scenario.ts'
import type { LiveView } from './live-view.ts'

/** Waits until every pod that was to go is gone and the workload is whole again, or the scenario's limit passes. */
export async function afterDisruption(
  record: DisruptionRecord,
  scenario: Scenario,
  view: LiveView,
  signal: AbortSignal,
): Promise<void> {
  const whole = (): boolean => {
    const state = view.workloads.get(scenario.workload)
    return state !== undefined && state.available >= state.desired
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
