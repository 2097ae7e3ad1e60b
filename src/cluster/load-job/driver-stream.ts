/** One driver's samples as they arrive, put on our clock, and its account of itself. */
import type { LoadMessage, LoadPlan, LoadTotals, SampleRow } from '../../model/load.ts'
import type { DriverAccount } from '../../model/remote-load.ts'
import type { LoadObserver } from '../load-process.ts'
import type { ClockOffset } from './clock-relation.ts'
import { DriverSession, type SessionPlan } from './driver-session.ts'
import { probeOnOurClock, rowOnOurClock, stallOnOurClock } from './on-our-clock.ts'

export interface StreamPlan extends Omit<SessionPlan, 'onMessage'> {
  node: string | null
  share: number
  shares: number
  observer: LoadObserver
  onSample(row: SampleRow): void
  onProgress(): void
}

export class DriverStream {
  readonly name: string
  readonly related: Promise<void>
  readonly over: Promise<string | null>
  sent = 0
  #totals: LoadTotals | null = null
  #offsetUs = 0
  /** Null once the clocks contradicted each other. */
  #errorUs: number | null = 0
  readonly #session: DriverSession
  readonly #plan: StreamPlan

  constructor(plan: StreamPlan) {
    this.#plan = plan
    this.name = plan.place.pod
    this.#session = new DriverSession({ ...plan, onMessage: message => this.#accept(message) })
    this.related = this.#session.related
    this.over = this.#session.over
  }

  /** `startUs` is on our clock. */
  begin(plan: LoadPlan, startUs: number): void {
    const { share: index, shares: count } = this.#plan
    this.#offsetUs = this.#session.relation.latest()?.offsetUs ?? 0
    const theirsUs = startUs + this.#offsetUs
    this.#session.begin({ ...plan, share: { index, count, startAtUs: theirsUs } })
  }

  stop(): void {
    this.#session.stop()
  }

  end(reason: string): void {
    this.#session.end(reason)
  }

  account(): DriverAccount {
    const { node, share, shares } = this.#plan
    const { relation, lines, reconnects } = this.#session
    return {
      driver: this.name,
      node,
      share,
      shares,
      offsetUs: this.#offsetUs,
      errorUs: this.#errorUs,
      exchanges: relation.exchanges,
      reconnects: Math.max(0, reconnects),
      lostLines: lines.lost,
      totals: this.#totals,
    }
  }

  #accept(message: LoadMessage): void {
    const { observer } = this.#plan
    const offsetFor = (fromUs: number, toUs: number): ClockOffset => this.#offsetFor(fromUs, toUs)
    switch (message.type) {
      case 'started':
        return
      case 'sample': {
        const row = rowOnOurClock(message.row, offsetFor)
        observer.sample(row)
        this.#plan.onSample(row)
        return
      }
      case 'stall':
        return observer.stall(stallOnOurClock(message.stall, offsetFor))
      case 'probe':
        return observer.probe(probeOnOurClock(message.probe, offsetFor))
      case 'limits':
        return observer.limits(message.limits)
      case 'summary':
        // Asked for by the command `load` alone.
        return
      case 'progress':
        this.sent = message.totals.sent
        return this.#plan.onProgress()
      case 'ended':
        this.#totals = message.totals
        this.sent = message.totals.sent
        return this.#plan.onProgress()
    }
  }

  /** The error of the account is the greatest of any instant that was moved. */
  #offsetFor(fromUs: number, toUs: number): ClockOffset {
    const found = this.#session.relation.offsetFor(fromUs, toUs)
    if (found === null) {
      this.#errorUs = null
      return { offsetUs: this.#offsetUs, errorUs: 0 }
    }
    this.#offsetUs = found.offsetUs
    if (this.#errorUs !== null) this.#errorUs = Math.max(this.#errorUs, found.errorUs)
    return found
  }
}
