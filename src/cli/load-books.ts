/**
 * The account of a load as it comes in: a line for each failure, and at the end what the driver recorded of all requests.
 * A line for each request would cost this process more than the driver needs to send it (measured at 20,000/s).
 */
import { failureName } from '../model/failure-name.ts'
import {
  emptyTotals,
  type DriverLimits,
  type DriverStall,
  type LatencySummary,
  type LoadSummary,
  type LoadTotals,
  type Sample,
} from '../model/load.ts'
import type { FailureCount, Spread } from '../report/load-summary.ts'

/** A body that may not go out in one write, so that a request can be cut in its middle. */
const BIG_BODY_BYTES = 16 * 1024

export class LoadBooks {
  readonly #failures = new Map<string, FailureCount>()
  readonly #stalls: DriverStall[] = []
  /** What the driver's machine could not give it, as told last. */
  limits: DriverLimits | null = null
  #progress: LoadTotals = emptyTotals()
  #recorded: LoadSummary['together'] | null = null
  readonly #uploading: boolean

  constructor(bodyBytes: number) {
    this.#uploading = bodyBytes > BIG_BODY_BYTES
  }

  takeFailure({ outcome, firstByteUs, population }: Sample): void {
    const name = failureName(outcome, { answered: firstByteUs !== null, uploading: this.#uploading }) ?? ''
    const connection = population === 'fresh' ? 'fresh' : 'reused'
    const key = `${name} ${connection}`
    const known = this.#failures.get(key)
    if (known === undefined) this.#failures.set(key, { class: name, connection, count: 1 })
    else known.count += 1
  }

  takeRecorded({ together }: LoadSummary): void {
    this.#recorded = together
  }

  progressed(totals: LoadTotals): void {
    this.#progress = totals
  }

  /** What the driver recorded; of one that broke off, what is known of it. */
  get counted(): LoadTotals {
    if (this.#recorded !== null) return this.#recorded.totals
    const { sent, skipped, succeeded } = this.#progress
    const failed = this.failed
    const unresolved = Math.max(0, sent - succeeded - failed)
    const known = succeeded + failed + unresolved
    return { scheduled: known + skipped, sent: known, skipped, succeeded, failed, unresolved }
  }

  /** How many failures were told, each in a line of its own. */
  get failed(): number {
    let sum = 0
    for (const { count } of this.#failures.values()) sum += count
    return sum
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
    return spreadOf(this.#recorded?.latencyUs)
  }

  get latenessUs(): Spread {
    return spreadOf(this.#recorded?.latenessUs)
  }

  get stalls(): { count: number; longestMs: number } {
    const spans = this.#stalls.map(({ fromUs, toUs }) => (toUs - fromUs) / 1000)
    return { count: spans.length, longestMs: Math.max(0, ...spans) }
  }
}

function spreadOf(all: LatencySummary | undefined): Spread {
  if (all === undefined || all.count === 0)
    return { count: 0, min: null, mean: null, p50: null, p90: null, p99: null, p999: null, max: null }
  return { ...all }
}
