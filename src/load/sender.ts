/**
 * Sends what is due, and sees to it that every request taken off a schedule comes out as exactly one sample. It never
 * waits for a connection: a request that finds all of its population's connections busy opens one of its own.
 */
import { AssertionError } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Outcome, Sample, WorkerShare } from '../model/load.ts'
import { Books } from './books.ts'
import type { Channel } from './channel.ts'
import type { Slot } from './connection-slots.ts'
import type { SkipReason } from './limit-watch.ts'
import { Pending, skipped, unresolved, type Settler } from './pending.ts'
import type { PopulationSchedule } from './population.ts'
import type { Routes } from './routes.ts'

export interface SenderPlan {
  runPrefix: string
  maxInFlight: number
  share: WorkerShare
}

/** Where samples go. They are read at once: the objects serve for later requests. */
export interface SampleSink {
  take(sample: Sample): void
}

export interface SenderParts {
  clock: Clock
  routes: Routes
  sink: SampleSink
  /** A request of a schedule has ended. */
  onSettled(schedule: PopulationSchedule, sample: Sample, nowUs: number): void
  /** A request was not sent: too many are open, or its time was missed. */
  onSkipped(reason: SkipReason): void
}

const noEndpoint: Outcome = {
  kind: 'failed',
  phase: 'connect',
  code: 'refused',
  status: null,
  detail: 'no endpoint',
}

export class Sender implements Settler {
  readonly books = new Books()
  /** How many requests are open. */
  open = 0
  #nextSeq: number
  #nextChannelId: number
  #over = false
  /** All there ever were; no more than may be open at a time. */
  readonly #all: Pending[] = []
  readonly #free: Pending[] = []
  readonly #plan: SenderPlan
  readonly #parts: SenderParts

  constructor(plan: SenderPlan, parts: SenderParts) {
    this.#plan = plan
    this.#parts = parts
    this.#nextSeq = plan.share.index
    this.#nextChannelId = plan.share.index + 1
  }

  /** `dueUs`: when it was due, if the schedule does not say. */
  sendNext(schedule: PopulationSchedule, nowUs: number, dueUs = schedule.dueUs): void {
    if (this.open >= this.#plan.maxInFlight) return this.skipNext(schedule, 'open')
    const pending = this.#begin(schedule, dueUs)
    const slot = schedule.slots === null ? null : schedule.slots.take()
    pending.slot = slot
    pending.kept = slot !== null
    pending.open = true
    pending.requestId = `${this.#plan.runPrefix}-${pending.sample.seq}`
    pending.sample.sentUs = nowUs
    this.open += 1
    this.books.countSent()
    schedule.advance()
    const channel = this.#channelFor(schedule, slot)
    if (channel === null) return pending.settle(noEndpoint)
    channel.send(pending, nowUs)
    // It has room for more.
    if (slot !== null && channel.idle) schedule.slots?.leave(slot)
  }

  /** Due, but not sent any more: its time was missed, too many are open, or the run was cut short. */
  skipNext(schedule: PopulationSchedule, reason: SkipReason): void {
    const pending = this.#begin(schedule, schedule.dueUs)
    schedule.advance()
    this.#end(pending, skipped)
    this.#parts.onSkipped(reason)
  }

  /** What is still open has no outcome, and never will. */
  abandon(): void {
    for (const pending of this.#all) if (pending.open) pending.settle(unresolved)
    this.#over = true
  }

  settled(pending: Pending, outcome: Outcome, nowUs = this.#parts.clock.nowUs()): void {
    // An answer that comes after the books were closed changes nothing any more.
    if (this.#over) return
    const { sample, schedule, slot } = pending
    // An `assert` would put its text together for each request.
    if (!pending.open) throw new AssertionError(`request ${sample.seq} was settled twice`)
    pending.open = false
    this.open -= 1
    if (slot !== null) schedule.slots?.giveBack(slot)
    if (outcome.kind !== 'unresolved') sample.endedUs = nowUs
    this.#end(pending, outcome)
    this.#parts.onSettled(schedule, sample, nowUs)
  }

  #begin(schedule: PopulationSchedule, dueUs: number): Pending {
    this.books.countScheduled()
    const pending = this.#free.pop() ?? this.#create(schedule)
    pending.begin(schedule, this.#nextSeq, dueUs)
    this.#nextSeq += this.#plan.share.count
    return pending
  }

  #create(schedule: PopulationSchedule): Pending {
    const pending = new Pending(schedule, this)
    this.#all.push(pending)
    return pending
  }

  /** The slot's channel if it is still open, else a new one; null when there is no endpoint to connect to. */
  #channelFor(schedule: PopulationSchedule, slot: Slot | null): Channel | null {
    if (slot?.channel?.idle === true) return slot.channel
    const route = this.#parts.routes.choose()
    const channel = route === null ? null : schedule.openChannel(this.nextChannelId(), route)
    if (slot !== null) slot.channel = channel
    return channel
  }

  nextChannelId(): number {
    const id = this.#nextChannelId
    this.#nextChannelId += this.#plan.share.count
    return id
  }

  #end(pending: Pending, outcome: Outcome): void {
    pending.sample.outcome = outcome
    this.books.countOutcome(outcome)
    this.#parts.sink.take(pending.sample)
    this.#free.push(pending)
  }
}
