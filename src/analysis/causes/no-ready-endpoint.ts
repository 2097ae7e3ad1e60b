/**
 * The Service had no usable endpoint, so the node refused the connection by itself (semantics §7.3). Proved by the
 * vantage node's table; inferred from the EndpointSlices where nobody can read tables.
 */
import { inForceAt } from '../routing.ts'
import { tableStreamUs, watchUs } from '../tolerances.ts'
import type { Matcher } from './match.ts'
import { matched } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  if (failure.code !== 'refused' || failure.podName !== null) return null
  const { tables, usable } = timeline.routing
  const { connectUs, sample } = failure
  if (tables.length > 0) {
    if (sample.connection !== null) return null
    if (inForceAt(tables, connectUs)?.endpoints.length === 0) return matched('direct', failure, timeline)
    // the driver may still have had the former table, or already the next one
    const near = [inForceAt(tables, connectUs - tableStreamUs), inForceAt(tables, connectUs + watchUs)]
    return near.some(table => table?.endpoints.length === 0) ? matched('temporal', failure, timeline) : null
  }
  // by the slices, and by a clock that may be off: any state that can have been in force
  const possible = [connectUs - failure.clockErrorUs, connectUs, connectUs + failure.clockErrorUs]
  return possible.some(atUs => inForceAt(usable, atUs)?.count === 0)
    ? matched('temporal', failure, timeline)
    : null
}
