/**
 * The open loop: whatever becomes of earlier requests, the next one is sent when it is due. One timer turns the loop;
 * each turn sends everything due, looks at the time limits, and reports. A turn that comes late shows in the samples
 * (scheduled against sent) and, beyond 50 ms, as a stall.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { LoadMessage, LoadPlan, LoadTotals } from '../model/load.ts'
import { packSample } from '../model/sample-row.ts'
import type { ConnectionSetting } from './connection.ts'
import { Deadlines } from './deadlines.ts'
import { DelayLine } from './delay-line.ts'
import { staggeredPaces } from './pacer.ts'
import { partOf, PopulationSchedule, wholeShare } from './population.ts'
import type { Routes } from './routes.ts'
import { Sender } from './sender.ts'

/** A late driver must not starve its own reading: beyond this the rest waits for the next turn. */
const MAX_SENDS_PER_TURN = 256
const LONGEST_WAIT_MS = 10
const STALL_US = 50_000
const PROGRESS_PERIOD_US = 200_000

export interface DriverParts {
  clock: Clock
  routes: Routes
  emit(message: LoadMessage): void
  /** Called at each turn: a chance to write out what was emitted. */
  onTurn(nowUs: number): void
  /** Called once. */
  onEnded(totals: LoadTotals): void
}

export class Driver {
  #schedules: PopulationSchedule[] = []
  /** Requests due after this instant are not part of the run. */
  #stopAtUs = Number.NEGATIVE_INFINITY
  #ended = false
  #timer: Timer | null = null
  #lastTurnUs = 0
  #waitUs = 0
  #progressUs = 0
  readonly #plan: LoadPlan
  readonly #parts: DriverParts
  readonly #deadlines = new Deadlines()
  readonly #sender: Sender

  constructor(plan: LoadPlan, parts: DriverParts) {
    this.#plan = plan
    this.#parts = parts
    const setting: ConnectionSetting = {
      clock: parts.clock,
      wire: new DelayLine(parts.clock),
      deadlines: this.#deadlines,
      host: plan.host,
      connectTimeoutMs: plan.profile.connectTimeoutMs,
      firstByteTimeoutMs: plan.profile.firstByteTimeoutMs,
    }
    const share = plan.share ?? wholeShare
    const maxInFlight = Math.max(1, partOf(plan.maxInFlight, share))
    this.#sender = new Sender(
      { runPrefix: plan.runPrefix, maxInFlight, share },
      setting,
      parts.routes,
      sample => parts.emit({ type: 'sample', row: packSample(sample) }),
    )
  }

  start(): void {
    const { populations } = this.#plan.profile
    const nowUs = this.#parts.clock.nowUs()
    const startUs = this.#plan.share?.startAtUs ?? nowUs
    const paces = staggeredPaces(
      populations.map(({ ratePerSecond }) => ratePerSecond),
      startUs,
    )
    this.#schedules = paces.flatMap((pace, position) => {
      const profile = populations[position]
      return profile === undefined ? [] : [new PopulationSchedule(profile, pace, this.#plan.share)]
    })
    this.#stopAtUs = startUs + this.#plan.maxDurationMs * 1000
    this.#lastTurnUs = nowUs
    this.#progressUs = nowUs
    this.#parts.emit({ type: 'started', version: 1, atUs: startUs, pid: process.pid })
    this.#turn()
  }

  /** Nothing that is due later is sent; the run ends when the open requests have. */
  stop(): void {
    this.#stopAtUs = Math.min(this.#stopAtUs, this.#parts.clock.nowUs())
    if (this.#timer === null) this.#end()
  }

  /** Ends the run now. What is open is unresolved; what was due and not yet sent is skipped. */
  abort(): void {
    if (this.#ended) return
    const lastUs = Math.min(this.#stopAtUs, this.#parts.clock.nowUs())
    for (let next = this.#due(lastUs); next !== null; next = this.#due(lastUs)) this.#sender.skipNext(next)
    this.#end()
  }

  #turn(): void {
    if (this.#ended) return
    const nowUs = this.#parts.clock.nowUs()
    const stalled = this.#noteStall(nowUs)
    // After a stall the answers may lie unread in the kernel: they are read before anything is called too late.
    if (!stalled) this.#deadlines.expire(nowUs)
    this.#sendDue(nowUs)
    this.#report(nowUs)
    if (nowUs >= this.#stopAtUs && this.#sender.open === 0 && this.#due(this.#stopAtUs) === null)
      return this.#end()
    this.#arm()
  }

  #noteStall(nowUs: number): boolean {
    const stalled = nowUs - this.#lastTurnUs - this.#waitUs > STALL_US
    if (stalled) this.#parts.emit({ type: 'stall', stall: { fromUs: this.#lastTurnUs, toUs: nowUs } })
    this.#lastTurnUs = nowUs
    return stalled
  }

  #sendDue(nowUs: number): void {
    const lastUs = Math.min(nowUs, this.#stopAtUs)
    for (let sends = 0; sends < MAX_SENDS_PER_TURN; sends++) {
      const next = this.#due(lastUs)
      if (next === null) return
      this.#sender.sendNext(next)
    }
  }

  /** The schedule whose next request is due first, if that is not after `lastUs`. */
  #due(lastUs: number): PopulationSchedule | null {
    let first: PopulationSchedule | null = null
    for (const schedule of this.#schedules)
      if (schedule.dueUs <= lastUs && (first === null || schedule.dueUs < first.dueUs)) first = schedule
    return first
  }

  #report(nowUs: number): void {
    if (nowUs - this.#progressUs >= PROGRESS_PERIOD_US) {
      this.#progressUs = nowUs
      const { books, open } = this.#sender
      this.#parts.emit({ type: 'progress', atUs: nowUs, totals: books.totals(), open })
    }
    this.#parts.onTurn(nowUs)
  }

  #arm(): void {
    const nowUs = this.#parts.clock.nowUs()
    const dueUs = Math.min(...this.#schedules.map(schedule => schedule.dueUs))
    const waitMs = Math.ceil((dueUs - nowUs) / 1000)
    const boundedMs = Math.min(LONGEST_WAIT_MS, Math.max(1, waitMs))
    this.#waitUs = boundedMs * 1000
    // A close that lies unread in the kernel must be seen before its connection is used again: else a late driver would
    // lose requests that no client with a free core loses.
    this.#timer = this.#parts.clock.after(boundedMs, () => this.#parts.clock.afterReads(() => this.#turn()))
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#timer?.cancel()
    this.#sender.abandon()
    const totals = this.#sender.books.close()
    this.#parts.emit({ type: 'ended', atUs: this.#parts.clock.nowUs(), totals })
    this.#parts.onEnded(totals)
  }
}
