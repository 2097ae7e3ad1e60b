/** The account of a load as it comes in: the driver's own books, and what the samples add up to. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { failureName } from '../model/failure-name.ts'
import {
  emptyTotals,
  type DriverLimits,
  type DriverStall,
  type LoadTotals,
  type Sample,
} from '../model/load.ts'
import type { FailureCount, Spread } from '../report/load-summary.ts'

/** A body that may not go out in one write, so that a request can be cut in its middle. */
const BIG_BODY_BYTES = 16 * 1024

export class LoadBooks {
  readonly counted: LoadTotals = emptyTotals()
  readonly #failures = new Map<string, FailureCount>()
  readonly #latency = histogram()
  readonly #lateness = histogram()
  readonly #stalls: DriverStall[] = []
  /** What the driver's machine could not give it, as told last. */
  limits: DriverLimits | null = null
  readonly #uploading: boolean

  constructor(bodyBytes: number) {
    this.#uploading = bodyBytes > BIG_BODY_BYTES
  }

  take(sample: Sample): void {
    const { outcome, scheduledUs, sentUs, endedUs } = sample
    this.counted.scheduled += 1
    this.counted[outcome.kind] += 1
    if (sentUs !== null) {
      this.counted.sent += 1
      this.#lateness.record(Math.max(1, sentUs - scheduledUs))
    }
    if (outcome.kind === 'succeeded' && endedUs !== null)
      this.#latency.record(Math.max(1, endedUs - scheduledUs))
    if (outcome.kind === 'failed') this.#countFailure(sample)
  }

  stalled(stall: DriverStall): void {
    this.#stalls.push(stall)
  }

  limited(limits: DriverLimits): void {
    this.limits = limits
  }

  /** Most frequent first. */
  get failures(): FailureCount[] {
    return [...this.#failures.values()].sort((a, b) => b.count - a.count || (a.class < b.class ? -1 : 1))
  }

  get latencyUs(): Spread {
    return spreadOf(this.#latency)
  }

  get latenessUs(): Spread {
    return spreadOf(this.#lateness)
  }

  get stalls(): { count: number; longestMs: number } {
    const spans = this.#stalls.map(({ fromUs, toUs }) => (toUs - fromUs) / 1000)
    return { count: spans.length, longestMs: Math.max(0, ...spans) }
  }

  #countFailure({ outcome, firstByteUs, population }: Sample): void {
    const name = failureName(outcome, { answered: firstByteUs !== null, uploading: this.#uploading })
    const connection = population === 'fresh' ? 'fresh' : 'reused'
    const key = `${name ?? ''} ${connection}`
    const known = this.#failures.get(key) ?? { class: name ?? '', connection, count: 0 }
    this.#failures.set(key, { ...known, count: known.count + 1 })
  }
}

function histogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 })
}

function spreadOf(all: RecordableHistogram): Spread {
  if (all.count === 0)
    return { count: 0, min: null, mean: null, p50: null, p90: null, p99: null, p999: null, max: null }
  return {
    count: all.count,
    min: all.min,
    mean: Math.round(all.mean),
    p50: all.percentile(50),
    p90: all.percentile(90),
    p99: all.percentile(99),
    p999: all.percentile(99.9),
    max: all.max,
  }
}
