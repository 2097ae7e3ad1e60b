/**
 * When a reused connection has failed, a probe on a fresh one follows at once, to the same service: it tells *this
 * connection died* from *the service was down*. A probe is outside the books, and its id is not one of the run's, so
 * that the server's ledger still agrees with them.
 */
import type { Clock } from '../base/clock.ts'
import type { Outcome, Population, ProbeSample, Sample } from '../model/load.ts'
import type { Exchange } from './exchange.ts'
import type { PopulationSchedule } from './population.ts'
import type { Routes } from './routes.ts'

/** A server that is down fails every connection: twenty answers a second say so as well as a thousand. */
const SHORTEST_GAP_US = 50_000

export interface ProberParts {
  clock: Clock
  routes: Routes
  runPrefix: string
  nextChannelId(): number
  emit(probe: ProbeSample): void
}

export class Prober {
  /** The populations that wait for an answer. */
  readonly #asking = new Set<Population>()
  #lastUs = Number.NEGATIVE_INFINITY
  readonly #parts: ProberParts

  constructor(parts: ProberParts) {
    this.#parts = parts
  }

  follow(schedule: PopulationSchedule, sample: Sample, nowUs: number): void {
    if (!hasDied(sample) || this.#asking.has(schedule.population) || nowUs - this.#lastUs < SHORTEST_GAP_US)
      return
    this.#lastUs = nowUs
    const probe = this.#begin(schedule.population, sample.seq, nowUs)
    const route = this.#parts.routes.choose()
    if (route === null)
      probe.settle({ kind: 'failed', phase: 'connect', code: 'refused', status: null, detail: 'no endpoint' })
    else schedule.openProbe(this.#parts.nextChannelId(), route).send(probe, nowUs)
  }

  #begin(population: Population, seq: number, sentUs: number): Exchange {
    this.#asking.add(population)
    const sample: Sample = {
      seq,
      population,
      kind: 'get',
      scheduledUs: sentUs,
      sentUs,
      writtenUs: null,
      firstByteUs: null,
      endedUs: null,
      connection: null,
      servedBy: null,
      outcome: { kind: 'unresolved' },
    }
    return {
      sample,
      requestId: `probe-${this.#parts.runPrefix}-${seq}`,
      answerMs: 0,
      uploadMs: 0,
      kept: false,
      settle: (outcome, nowUs) => this.#tell(sample, outcome, nowUs),
    }
  }

  #tell(
    { seq, population, sentUs, connection, servedBy }: Sample,
    outcome: Outcome,
    endedUs = this.#parts.clock.nowUs(),
  ): void {
    this.#asking.delete(population)
    this.#parts.emit({
      seq,
      sentUs: sentUs ?? endedUs,
      endedUs,
      localPort: connection?.localPort ?? null,
      remoteAddress: connection?.remoteAddress ?? null,
      remotePort: connection?.remotePort ?? null,
      servedBy,
      outcome,
    })
  }
}

/** A connection that had served before broke under this request. A status or a wrong answer is no broken connection. */
function hasDied({ outcome, connection }: Sample): boolean {
  if (outcome.kind !== 'failed' || connection === null || connection.use < 2) return false
  const isOurFault = outcome.code === 'local-ports' || outcome.code === 'local-files'
  return !isOurFault && outcome.phase !== 'status' && outcome.phase !== 'check'
}
