/**
 * Sends what is due, and sees to it that every request taken off a schedule comes out as exactly one sample. It never
 * waits for a connection: a request that finds all of its population's connections busy opens one of its own.
 */
import { assert } from '../base/assert.ts'
import type { LoadShare, Outcome, Sample } from '../model/load.ts'
import { Books } from './books.ts'
import { Connection, type ConnectionSetting } from './connection.ts'
import type { Slot } from './connection-slots.ts'
import type { Exchange } from './exchange.ts'
import type { PopulationSchedule } from './population.ts'
import type { Routes } from './routes.ts'

export interface SenderPlan {
  runPrefix: string
  maxInFlight: number
  /** Numbers are those of all shares together: unique among them. */
  share: Pick<LoadShare, 'index' | 'of'>
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
  #nextSeq: number
  #nextConnectionId: number
  #over = false
  readonly #open = new Set<Exchange>()
  readonly #plan: SenderPlan
  readonly #setting: ConnectionSetting
  readonly #routes: Routes
  readonly #onSample: (sample: Sample) => void

  constructor(
    plan: SenderPlan,
    setting: ConnectionSetting,
    routes: Routes,
    onSample: (sample: Sample) => void,
  ) {
    this.#plan = plan
    this.#nextSeq = plan.share.index
    this.#nextConnectionId = plan.share.index + 1
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
    const connection = this.#connectionFor(slot)
    if (connection === null) exchange.settle(noEndpoint)
    else connection.send(exchange, nowUs)
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

  #takeSeq(): number {
    const seq = this.#nextSeq
    this.#nextSeq += this.#plan.share.of
    return seq
  }

  #takeConnectionId(): number {
    const id = this.#nextConnectionId
    this.#nextConnectionId += this.#plan.share.of
    return id
  }

  #take(schedule: PopulationSchedule): Sample {
    const { scheduledUs, kind } = schedule.take()
    this.books.countScheduled()
    return {
      seq: this.#takeSeq(),
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

  /** The slot's connection if it is still open, else a new one; null when there is no endpoint to connect to. */
  #connectionFor(slot: Slot | null): Connection | null {
    if (slot?.connection?.idle === true) return slot.connection
    const route = this.#routes.choose()
    const connection = route === null ? null : new Connection(this.#takeConnectionId(), route, this.#setting)
    if (slot !== null) slot.connection = connection
    return connection
  }

  #end(sample: Sample, outcome: Outcome): void {
    sample.outcome = outcome
    this.books.countOutcome(outcome)
    this.#onSample(sample)
  }
}
