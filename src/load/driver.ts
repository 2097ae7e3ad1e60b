/**
 * The open loop: whatever becomes of earlier requests, the next one is sent when it is due. One timer turns the loop;
 * each turn sends everything due, looks at the time limits, and reports. A turn that comes late shows in the samples
 * (scheduled against sent) and, beyond 50 ms, as a stall; what fell due in a stall is skipped and counted, so that a
 * driver that stood still never sends more than the rate to make up for it.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { seededRandom } from '../base/random.ts'
import type { DriverStall, LoadMessage, LoadPlan, LoadTotals, Sample, WorkerShare } from '../model/load.ts'
import { packSample } from '../model/sample-row.ts'
import { Prober } from './prober.ts'
import { Recorder } from './recorder.ts'
import type { ChannelSetting } from './channel.ts'
import { Deadlines } from './deadlines.ts'
import { DelayLine } from './delay-line.ts'
import { LimitWatch } from './limit-watch.ts'
import { staggeredPaces } from './pacer.ts'
import { partOf, PopulationSchedule } from './population.ts'
import type { Routes } from './routes.ts'
import { Sender, type SampleSink } from './sender.ts'
import { summarize } from './summary.ts'
import { tlsContext } from './tls-context.ts'

/** A late driver must not starve its own reading: beyond this the rest waits for the next turn. */
const MAX_SENDS_PER_TURN = 256
const LONGEST_WAIT_MS = 10
/** Later than this, a request is not sent any more. */
const STALL_US = 50_000
/** The seeds of the populations' schedules, apart from each other and from the choice of endpoints. */
const SCHEDULE_SEED = 7919
const alone: WorkerShare = { index: 0, count: 1 }
const PROGRESS_PERIOD_US = 200_000

export interface DriverParts {
  clock: Clock
  routes: Routes
  emit(message: LoadMessage): void
  /** Takes the place of the summary: it is a part of one, and made elsewhere. */
  onRecorded?: (recorder: Recorder) => void
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
  #sendsMoreSoon = false
  #timer: Timer | null = null
  #lastTurnUs = 0
  #waitUs = 0
  /** Of this turn. */
  #stall: DriverStall | null = null
  #progressUs = 0
  #recorder: Recorder | null = null
  readonly #plan: LoadPlan
  readonly #parts: DriverParts
  readonly #deadlines = new Deadlines()
  readonly #setting: ChannelSetting
  readonly #sender: Sender
  readonly #limits: LimitWatch
  readonly #prober: Prober

  constructor(plan: LoadPlan, parts: DriverParts) {
    this.#plan = plan
    this.#parts = parts
    this.#setting = {
      clock: parts.clock,
      wire: new DelayLine(parts.clock),
      deadlines: this.#deadlines,
      host: plan.host,
      tls: plan.target.tls ?? null,
      request: plan.request ?? null,
      connectTimeoutMs: plan.profile.connectTimeoutMs,
      firstByteTimeoutMs: plan.profile.firstByteTimeoutMs,
    }
    if (this.#setting.tls !== null) tlsContext(this.#setting.tls)
    const share = plan.share ?? alone
    const { runPrefix } = plan
    this.#sender = new Sender(
      { runPrefix, share, maxInFlight: Math.max(1, partOf(plan.maxInFlight, share)) },
      {
        clock: parts.clock,
        routes: parts.routes,
        sink: this.#sink(share),
        onSettled: (schedule, sample, nowUs) => this.#onSettled(schedule, sample, nowUs),
        onSkipped: reason => this.#limits.seeSkip(reason),
      },
    )
    this.#limits = new LimitWatch(plan, parts.clock)
    this.#prober = new Prober({
      clock: parts.clock,
      routes: parts.routes,
      runPrefix,
      nextChannelId: () => this.#sender.nextChannelId(),
      // One that is still open at the end is not waited for: the books do not need it.
      emit: probe => {
        if (!this.#ended) parts.emit({ type: 'probe', probe })
      },
    })
  }

  start(): void {
    const nowUs = this.#parts.clock.nowUs()
    const startUs = this.#plan.share?.startAtUs ?? nowUs
    this.#schedules = this.#schedulesFrom(startUs)
    this.#stopAtUs = startUs + this.#plan.maxDurationMs * 1000
    this.#lastTurnUs = nowUs
    this.#progressUs = nowUs
    this.#parts.emit({ type: 'started', version: 1, atUs: startUs, pid: process.pid })
    this.#limits.start()
    if (this.#limits.isShortOfFiles) this.#parts.emit({ type: 'limits', limits: this.#limits.read() })
    this.#turn()
  }

  #sink({ count }: WorkerShare): SampleSink {
    const write = (sample: Sample): void => this.#parts.emit({ type: 'sample', row: packSample(sample) })
    if (this.#plan.record !== 'summary') return { take: write }
    const recorder = new Recorder(count)
    this.#recorder = recorder
    return {
      take(sample) {
        recorder.take(sample)
        if (sample.outcome.kind === 'failed') write(sample)
      },
    }
  }

  #schedulesFrom(startUs: number): PopulationSchedule[] {
    const { request = null, share = alone, seed, profile } = this.#plan
    const rates = profile.populations.map(({ ratePerSecond }) => (ratePerSecond > 0 ? ratePerSecond : 1))
    const paces = staggeredPaces(rates, startUs)
    return profile.populations.flatMap((population, position) => {
      const pace = paces[position]
      const random = seededRandom(seed + SCHEDULE_SEED * (position + 1))
      const parts = { share, random, request, setting: this.#setting }
      return pace === undefined ? [] : [new PopulationSchedule(population, { ...parts, pace })]
    })
  }

  /** Nothing that is due later is sent; the run ends when the open requests have. */
  stop(): void {
    this.#stopAtUs = Math.min(this.#stopAtUs, this.#parts.clock.nowUs())
    if (this.#timer === null) this.#end()
  }

  /** Ends the run now. What is open is unresolved; what was due and not yet sent is skipped. */
  abort(): void {
    if (this.#ended) return
    const nowUs = this.#parts.clock.nowUs()
    this.#skipMissed(nowUs, nowUs)
    this.#tellStall()
    this.#end()
  }

  #turn(): void {
    if (this.#ended) return
    const nowUs = this.#parts.clock.nowUs()
    const stalled = nowUs - this.#lastTurnUs - this.#waitUs > STALL_US
    if (stalled) this.#stoodStill(this.#lastTurnUs, nowUs)
    this.#lastTurnUs = nowUs
    // After a stall the answers may lie unread in the kernel: they are read before anything is called too late.
    if (!stalled) this.#deadlines.expire(nowUs)
    this.#skipMissed(stalled ? nowUs : nowUs - STALL_US, nowUs)
    this.#sendDue(nowUs)
    this.#tellStall()
    this.#report(nowUs)
    if (nowUs >= this.#stopAtUs && this.#sender.open === 0 && this.#due(this.#stopAtUs) === null)
      return this.#end()
    this.#arm()
  }

  /** One stall for each turn: it reaches back to the first request that was missed, so that it accounts for all of them. */
  #stoodStill(fromUs: number, toUs: number): void {
    this.#stall = { fromUs: Math.min(this.#stall?.fromUs ?? fromUs, fromUs), toUs }
  }

  #tellStall(): void {
    const stall = this.#stall
    if (stall === null) return
    this.#stall = null
    this.#limits.seeStall(stall)
    this.#parts.emit({ type: 'stall', stall })
  }

  /** What was due at `untilUs` or before, and has not been sent, will not be. */
  #skipMissed(untilUs: number, nowUs: number): void {
    const lastUs = Math.min(untilUs, this.#stopAtUs)
    for (let next = this.#due(lastUs); next !== null; next = this.#due(lastUs)) {
      if (nowUs - next.dueUs > STALL_US) this.#stoodStill(next.dueUs, nowUs)
      this.#sender.skipNext(next, 'time')
    }
  }

  #sendDue(nowUs: number): void {
    const lastUs = Math.min(nowUs, this.#stopAtUs)
    for (const schedule of this.#schedules) schedule.beginTurn()
    this.#sendOwed()
    for (let sends = 0; sends < MAX_SENDS_PER_TURN; sends++) {
      const next = this.#due(lastUs, true)
      if (next === null) break
      const atUs = this.#parts.clock.nowUs()
      // The process may stand still in the middle of a turn, too.
      if (atUs - next.dueUs <= STALL_US) this.#sender.sendNext(next, atUs)
      else this.#skipMissed(next.dueUs, atUs)
    }
    for (const schedule of this.#schedules) schedule.isHeldUp = schedule.dueUs <= lastUs
  }

  /** Closed pacing: an answer makes room for the next request. A failure waits for a turn, so that it is no tight loop. */
  #onSettled(schedule: PopulationSchedule, sample: Sample, nowUs: number): void {
    const { kind } = sample.outcome
    if (kind === 'failed') {
      this.#limits.seeEnd(sample)
      if (this.#plan.probes !== false) this.#prober.follow(schedule, sample, nowUs)
    }
    if (kind === 'unresolved') return
    if (schedule.isClosed && nowUs < this.#stopAtUs) schedule.owed += 1
    else if (!schedule.isHeldUp) return
    if (kind === 'succeeded') this.#sendMoreSoon()
  }

  /**
   * A connection is free again, and there is a request for it. All answers that lie ready are read before the next requests
   * are written: that costs less than one by one.
   */
  #sendMoreSoon(): void {
    if (this.#sendsMoreSoon) return
    this.#sendsMoreSoon = true
    this.#parts.clock.afterReads(() => {
      this.#sendsMoreSoon = false
      if (this.#ended) return
      this.#sendOwed()
      this.#sendHeldUp()
    })
  }

  /** On connections that have become free, and no others. */
  #sendHeldUp(): void {
    for (const schedule of this.#schedules)
      while (schedule.isHeldUp && schedule.hasFree) {
        const nowUs = this.#parts.clock.nowUs()
        // What was missed is for the turn to skip.
        if (nowUs - schedule.dueUs > STALL_US) break
        this.#sender.sendNext(schedule, nowUs)
        schedule.isHeldUp = schedule.dueUs <= Math.min(nowUs, this.#stopAtUs)
      }
  }

  #sendOwed(): void {
    for (const schedule of this.#schedules)
      for (; schedule.owed > 0; schedule.owed--) {
        const nowUs = this.#parts.clock.nowUs()
        if (nowUs >= this.#stopAtUs) return
        this.#sender.sendNext(schedule, nowUs, nowUs)
      }
  }

  /** The schedule whose next request is due first, if that is not after `lastUs`; `now`: of those that need not wait. */
  #due(lastUs: number, now = false): PopulationSchedule | null {
    let first: PopulationSchedule | null = null
    for (const schedule of this.#schedules) {
      if (schedule.dueUs > lastUs || (now && schedule.waitsForTurn)) continue
      if (first === null || schedule.dueUs < first.dueUs) first = schedule
    }
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
    let dueUs = Number.POSITIVE_INFINITY
    for (const schedule of this.#schedules) dueUs = Math.min(dueUs, schedule.dueUs)
    const waitMs = Math.ceil((dueUs - nowUs) / 1000)
    const boundedMs = Math.min(LONGEST_WAIT_MS, Math.max(1, waitMs))
    this.#waitUs = boundedMs * 1000
    // A close that lies unread in the kernel must be seen before its connection is used again: else a late driver would
    // lose requests that no client with a free core loses.
    this.#timer = this.#parts.clock.after(boundedMs, () => this.#parts.clock.afterReads(() => this.#turn()))
  }

  #tellSummary(recorder: Recorder): void {
    if (this.#parts.onRecorded) this.#parts.onRecorded(recorder)
    else this.#parts.emit({ type: 'summary', summary: summarize([recorder]) })
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#timer?.cancel()
    this.#sender.abandon()
    const totals = this.#sender.books.close()
    for (const { slots } of this.#schedules) for (const slot of slots?.all ?? []) slot.channel?.close()
    this.#parts.emit({ type: 'limits', limits: this.#limits.read() })
    if (this.#recorder !== null) this.#tellSummary(this.#recorder)
    this.#parts.emit({ type: 'ended', atUs: this.#parts.clock.nowUs(), totals })
    this.#parts.onEnded(totals)
  }
}
