/** What both ways of running k6 have in common: points come in, samples and books come out. */
import type { LoadTotals, Outcome, Sample } from '../../model/load.ts'
import { Books } from '../books.ts'
import type { K6Point } from './points.ts'
import type { WholeRequest } from './request-points.ts'

export interface Account {
  /** A point that is not part of a request. */
  point(point: K6Point): void
  request(request: WholeRequest): void
  /** How many requests have begun and not ended. */
  readonly open: number
  /** Requests so far; those elsewhere than at the target are none of the run's. */
  readonly totals: LoadTotals
  /** k6 has ended: what is open has no outcome and never will. The books are closed. */
  close(): LoadTotals
}

/** Counts a sample's end where it happens, and hands it on. */
export class Ledger {
  readonly books = new Books()
  readonly #onSample: (sample: Sample) => void

  constructor(onSample: (sample: Sample) => void) {
    this.#onSample = onSample
  }

  begin(sent: boolean): void {
    this.books.countScheduled()
    if (sent) this.books.countSent()
  }

  end(sample: Sample, outcome: Outcome): void {
    sample.outcome = outcome
    this.books.countOutcome(outcome)
    this.#onSample(sample)
  }
}

type Begun = Pick<Sample, 'seq' | 'population' | 'kind' | 'scheduledUs' | 'sentUs'>

/** k6 says nothing of connections, so a sample of its has none. */
export function beginSample(begun: Begun): Sample {
  return {
    ...begun,
    writtenUs: null,
    firstByteUs: null,
    endedUs: null,
    connection: null,
    servedBy: null,
    outcome: { kind: 'unresolved' },
  }
}
