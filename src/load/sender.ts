/**
 * Sends what is due, and sees to it that every request taken off a schedule comes out as exactly one sample. It never
 * waits for a connection: a request that finds all of its population's connections busy opens one of its own.
 */
import { assert } from '../base/assert.ts'
import type { Outcome, Sample } from '../model/load.ts'
import { Books } from './books.ts'
import type { Channel, ChannelSetting } from './channel.ts'
import type { Slot } from './connection-slots.ts'
import type { Exchange } from './exchange.ts'
import type { PopulationSchedule } from './population.ts'
import type { Routes } from './routes.ts'

export interface SenderPlan {
  runPrefix: string
  maxInFlight: number
}

const noEndpoint: Outcome = {
  kind: 'failed',
  phase: 'connect',
  code: 'refused',
  status: null,
  detail: 'no endpoint',
}

export class Sender {
  readonly books = new Books()
  #nextSeq = 0
  #nextConnectionId = 1
  #over = false
  readonly #open = new Set<Exchange>()
  readonly #plan: SenderPlan
  readonly #setting: ChannelSetting
  readonly #routes: Routes
  readonly #onSample: (sample: Sample) => void

  constructor(plan: SenderPlan, setting: ChannelSetting, routes: Routes, onSample: (sample: Sample) => void) {
    this.#plan = plan
    this.#setting = setting
    this.#routes = routes
    this.#onSample = onSample
  }

  /** How many requests are open. */
  get open(): number {
    return this.#open.size
  }

  sendNext(schedule: PopulationSchedule): void {
    const sample = this.#take(schedule)
    if (this.#open.size >= this.#plan.maxInFlight) return this.#end(sample, { kind: 'skipped' })
    const nowUs = this.#setting.clock.nowUs()
    sample.sentUs = nowUs
    this.books.countSent()
    const slot = schedule.slots?.take() ?? null
    const exchange = this.#begin(schedule, sample, slot)
    const channel = this.#channelFor(schedule, slot)
    if (channel === null) return exchange.settle(noEndpoint)
    channel.send(exchange, nowUs)
    // It has room for more.
    if (slot !== null && channel.idle) schedule.slots?.giveBack(slot)
  }

  /** Due, but not sent any more: the run was cut short before the driver got to it. */
  skipNext(schedule: PopulationSchedule): void {
    this.#end(this.#take(schedule), { kind: 'skipped' })
  }

  /** What is still open has no outcome, and never will. */
  abandon(): void {
    for (const exchange of [...this.#open]) exchange.settle({ kind: 'unresolved' })
    this.#over = true
  }

  #take(schedule: PopulationSchedule): Sample {
    const { scheduledUs, kind } = schedule.take()
    this.books.countScheduled()
    return {
      seq: this.#nextSeq++,
      population: schedule.population,
      kind,
      scheduledUs,
      sentUs: null,
      writtenUs: null,
      firstByteUs: null,
      endedUs: null,
      connection: null,
      servedBy: null,
      outcome: { kind: 'unresolved' },
    }
  }

  #begin(schedule: PopulationSchedule, sample: Sample, slot: Slot | null): Exchange {
    const exchange: Exchange = {
      sample,
      requestId: `${this.#plan.runPrefix}-${sample.seq}`,
      answerMs: schedule.answerMs,
      uploadMs: schedule.uploadMs,
      kept: slot !== null,
      settle: outcome => {
        // An answer that comes after the books were closed changes nothing any more.
        if (this.#over) return
        assert(this.#open.delete(exchange), `request ${sample.seq} was settled twice`)
        if (slot !== null) schedule.slots?.giveBack(slot)
        if (outcome.kind !== 'unresolved') sample.endedUs = this.#setting.clock.nowUs()
        this.#end(sample, outcome)
      },
    }
    this.#open.add(exchange)
    return exchange
  }

  /** The slot's channel if it is still open, else a new one; null when there is no endpoint to connect to. */
  #channelFor(schedule: PopulationSchedule, slot: Slot | null): Channel | null {
    if (slot?.channel?.idle === true) return slot.channel
    const route = this.#routes.choose()
    const channel = route === null ? null : schedule.openChannel(this.#nextConnectionId++, route)
    if (slot !== null) slot.channel = channel
    return channel
  }

  #end(sample: Sample, outcome: Outcome): void {
    sample.outcome = outcome
    this.books.countOutcome(outcome)
    this.#onSample(sample)
  }
}
