/** Where the load on a real cluster came from: what that way hides, and whether the drivers' clocks are related to ours. */
import type { DriverAccount } from '../model/remote-load.ts'
import type { Finding } from './analysis.ts'
import { inMs, listed } from './figures.ts'
import { inconclusive, note } from './finding.ts'
import type { Timeline } from './timeline.ts'

/** As with a driver that stands still: drop windows of 0.1–1.3 s were measured, and must be told apart. */
export const clockErrorLimitMs = 100

export function judgeLoadPath({ recording }: Timeline): Finding[] {
  const { load } = recording.manifest
  if (load === undefined) return []
  const findings = judgeClocks(load.drivers)
  const clocks = load.drivers.flatMap(({ driver, errorUs }) =>
    errorUs === null ? [] : [`${driver} ${inMs(errorUs)}`],
  )
  const related = clocks.length === 0 ? '' : ` Its clock is known to within: ${listed(clocks)}.`
  const message = [`The load came from ${load.from}: ${load.path}.${related}`, ...load.hides].join(' ')
  const remedy =
    load.hides.length === 0
      ? 'Nothing: it is what clients in the cluster see.'
      : 'Send the load from inside (--load-from inside) to see what clients in the cluster see.'
  return [...findings, note('load-path', message, remedy)]
}

function judgeClocks(drivers: readonly DriverAccount[]): Finding[] {
  const wrong = drivers.flatMap(({ driver, errorUs }) => {
    if (errorUs === null) return [`the clock of ${driver} was stepped, or drifts as no clock does`]
    return errorUs > clockErrorLimitMs * 1000
      ? [`the clock of ${driver} is known to within ${inMs(errorUs)} only`]
      : []
  })
  if (wrong.length === 0) return []
  return [
    inconclusive(
      'clocks-unrelated',
      `Samples and what was observed cannot be set in order: ${listed(wrong)} (limit ${clockErrorLimitMs} ms).`,
      "Look at the nodes' time service, and at how busy the API server and the driver's node are.",
    ),
  ]
}
