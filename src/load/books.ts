/**
 * The driver's account of itself. Each side of the two equations is counted where it happens, so that they can be
 * wrong, and are worth asserting: scheduled = sent + skipped, sent = succeeded + failed + unresolved.
 */
import { assert } from '../base/assert.ts'
import type { LoadTotals, Outcome } from '../model/load.ts'

export class Books {
  readonly #totals: LoadTotals = { scheduled: 0, sent: 0, skipped: 0, succeeded: 0, failed: 0, unresolved: 0 }

  countScheduled(): void {
    this.#totals.scheduled += 1
  }

  countSent(): void {
    this.#totals.sent += 1
  }

  countOutcome(outcome: Outcome): void {
    this.#totals[outcome.kind] += 1
  }

  totals(): LoadTotals {
    return { ...this.#totals }
  }

  /** The totals of a run that has ended, with nothing open any more. */
  close(): LoadTotals {
    const totals = this.totals()
    assertBalance(totals)
    return totals
  }
}

export function assertBalance({ scheduled, sent, skipped, succeeded, failed, unresolved }: LoadTotals): void {
  assert(scheduled === sent + skipped, `${scheduled} scheduled, but ${sent} sent and ${skipped} skipped`)
  const ended = succeeded + failed + unresolved
  assert(sent === ended, `${sent} sent, but ${ended} ended: ${succeeded} + ${failed} + ${unresolved}`)
}
