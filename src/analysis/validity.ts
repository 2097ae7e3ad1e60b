/**
 * Nothing passes vacuously. Each rule that fails makes the run inconclusive, with the figures that broke it and what to
 * do; none of them asks what the scenario hoped for, save whether a drain was meant to be blocked.
 */
import type { DisruptionName, Expectation } from '../model/scenario.ts'
import type { DriverSummary, Finding, LedgerSummary } from './analysis.ts'
import type { Timeline } from './timeline.ts'
import { judgeDisruption } from './validity-disruption.ts'
import { judgeLoad } from './validity-load.ts'
import { judgeTarget } from './validity-target.ts'
import { judgeLoadPath } from './validity-load-path.ts'
import { judgeRecording, judgeWindows } from './validity-windows.ts'

export function judgeValidity(
  timeline: Timeline,
  driver: DriverSummary,
  ledger: LedgerSummary | null,
  declared: { disruption: DisruptionName; expectation: Expectation },
): Finding[] {
  return [
    // A run that broke off explains most of what else is wrong with it.
    ...judgeRecording(timeline),
    ...judgeLoad(timeline, driver, ledger),
    ...judgeLoadPath(timeline),
    ...judgeTarget(timeline),
    ...judgeDisruption(timeline, declared.disruption),
    ...judgeWindows(timeline),
  ]
}
