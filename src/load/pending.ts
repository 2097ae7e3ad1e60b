/**
 * A request on its way, as the sender keeps it. The objects are used again: a sample is read as soon as it is settled,
 * so a million requests leave next to nothing to collect, and no pause of the collector spoils the schedule.
 */
import type { Outcome, Sample } from '../model/load.ts'
import type { Slot } from './connection-slots.ts'
import type { Exchange } from './exchange.ts'
import type { PopulationSchedule } from './population.ts'

export const unresolved: Outcome = { kind: 'unresolved' }
export const skipped: Outcome = { kind: 'skipped' }

export interface Settler {
  settled(pending: Pending, outcome: Outcome, nowUs: number | undefined): void
}

export class Pending implements Exchange {
  readonly sample: Sample = {
    seq: 0,
    population: 'fresh',
    kind: 'get',
    scheduledUs: 0,
    sentUs: null,
    writtenUs: null,
    firstByteUs: null,
    endedUs: null,
    connection: null,
    servedBy: null,
    outcome: unresolved,
  }
  requestId = ''
  answerMs = 0
  uploadMs = 0
  kept = false
  open = false
  schedule: PopulationSchedule
  slot: Slot | null = null
  readonly #settler: Settler

  constructor(schedule: PopulationSchedule, settler: Settler) {
    this.schedule = schedule
    this.#settler = settler
  }

  /** The request of `schedule` that is due now, as new. */
  begin(schedule: PopulationSchedule, seq: number, scheduledUs: number): void {
    const { sample } = this
    this.schedule = schedule
    this.answerMs = schedule.answerMs
    this.uploadMs = schedule.uploadMs
    sample.seq = seq
    sample.population = schedule.population
    sample.kind = schedule.kind
    sample.scheduledUs = scheduledUs
    sample.sentUs = null
    sample.writtenUs = null
    sample.firstByteUs = null
    sample.endedUs = null
    sample.connection = null
    sample.servedBy = null
    sample.outcome = unresolved
  }

  settle(outcome: Outcome, nowUs?: number): void {
    this.#settler.settled(this, outcome, nowUs)
  }
}
