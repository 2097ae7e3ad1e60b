/** What a run with a recorder tells at its end: counts and latencies for each population, by Node's own HDR histogram. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import {
  emptyTotals,
  populations,
  type LatencySummary,
  type LoadSummary,
  type LoadTotals,
  type PopulationLoad,
} from '../model/load.ts'
import type { Recorder, RecordedSample } from './recorder.ts'

type Figures = Omit<PopulationLoad, 'population'>

class Tally {
  readonly #totals: LoadTotals = emptyTotals()
  readonly #latency: RecordableHistogram = createHistogram()
  readonly #service: RecordableHistogram = createHistogram()
  readonly #lateness: RecordableHistogram = createHistogram()

  count(sample: RecordedSample): void {
    this.#totals.scheduled += 1
    this.#totals[sample.outcome] += 1
    if (sample.outcome !== 'skipped') this.#totals.sent += 1
    if (sample.latenessUs !== null) this.#lateness.record(Math.max(1, sample.latenessUs))
    // A failure is no answer: how fast it came says nothing about how fast the server is.
    if (sample.outcome !== 'succeeded' || sample.latencyUs === null || sample.serviceUs === null) return
    this.#latency.record(Math.max(1, sample.latencyUs))
    this.#service.record(Math.max(1, sample.serviceUs))
  }

  add(other: Tally): void {
    for (const name of Object.keys(this.#totals) as (keyof LoadTotals)[])
      this.#totals[name] += other.#totals[name]
    this.#latency.add(other.#latency)
    this.#service.add(other.#service)
    this.#lateness.add(other.#lateness)
  }

  get figures(): Figures {
    return {
      totals: { ...this.#totals },
      latencyUs: read(this.#latency),
      serviceUs: read(this.#service),
      latenessUs: read(this.#lateness),
    }
  }
}

/** Of one driver, or of all workers of one. */
export function summarize(recorders: readonly Recorder[]): LoadSummary {
  const tallies = new Map<number, Tally>()
  const add = (sample: RecordedSample): void => {
    let tally = tallies.get(sample.population)
    if (tally === undefined) {
      tally = new Tally()
      tallies.set(sample.population, tally)
    }
    tally.count(sample)
  }
  for (const recorder of recorders) recorder.forEach(add)
  const all = [...tallies.entries()].sort(([a], [b]) => a - b)
  const together = new Tally()
  for (const [, tally] of all) together.add(tally)
  return {
    populations: all.map(([place, { figures }]) => ({
      population: populations[place] ?? 'fresh',
      ...figures,
    })),
    together: together.figures,
  }
}

const none: LatencySummary = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }

function read(histogram: RecordableHistogram): LatencySummary {
  if (histogram.count === 0) return none
  return {
    count: histogram.count,
    min: histogram.min,
    mean: Math.round(histogram.mean),
    p50: histogram.percentile(50),
    p90: histogram.percentile(90),
    p99: histogram.percentile(99),
    p999: histogram.percentile(99.9),
    max: histogram.max,
  }
}
