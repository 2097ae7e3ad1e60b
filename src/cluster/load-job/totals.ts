/** The accounts of several drivers added up. Each balances in itself, so their sum does: that is asserted, too. */
import { assert } from '../../base/assert.ts'
import type { LoadTotals } from '../../model/load.ts'

/** Null as long as one of them is missing. */
export function mergedTotals(accounts: readonly { totals: LoadTotals | null }[]): LoadTotals | null {
  const sum: LoadTotals = { scheduled: 0, sent: 0, skipped: 0, succeeded: 0, failed: 0, unresolved: 0 }
  for (const { totals } of accounts) {
    if (totals === null) return null
    for (const key of Object.keys(sum) as (keyof LoadTotals)[]) sum[key] += totals[key]
  }
  const { scheduled, sent, skipped, succeeded, failed, unresolved } = sum
  assert(scheduled === sent + skipped, `together ${scheduled} scheduled, ${sent} sent and ${skipped} skipped`)
  const ended = succeeded + failed + unresolved
  assert(sent === ended, `together ${sent} sent, but ${ended} ended`)
  return sum
}
