/** What a run with a recorder tells at its end: counts and latencies for each population, by Node's own HDR histogram. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import {
  populations,
  type LatencySummary,
  type LoadSummary,
  type Population,
  type PopulationLoad,
} from '../model/load.ts'
import type { Recorder, RecordedSample } from './recorder.ts'

interface Tally {
  load: PopulationLoad
  latency: RecordableHistogram
  service: RecordableHistogram
  lateness: RecordableHistogram
}

/** Of one driver, or of all workers of one. */
export function summarize(recorders: readonly Recorder[]): LoadSummary {
  const tallies = new Map<number, Tally>()
  const add = (sample: RecordedSample): void => {
    let tally = tallies.get(sample.population)
    if (tally === undefined) {
      tally = begin(populations[sample.population] ?? 'fresh')
      tallies.set(sample.population, tally)
    }
    count(tally, sample)
  }
  for (const recorder of recorders) recorder.forEach(add)
  const all = [...tallies.entries()].sort(([a], [b]) => a - b)
  return {
    populations: all.map(([, { load, latency, service, lateness }]) => ({
      ...load,
      latencyUs: read(latency),
      serviceUs: read(service),
      latenessUs: read(lateness),
    })),
  }
}

const none: LatencySummary = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }

function begin(population: Population): Tally {
  return {
    load: {
      population,
      totals: { scheduled: 0, sent: 0, skipped: 0, succeeded: 0, failed: 0, unresolved: 0 },
      latencyUs: none,
      serviceUs: none,
      latenessUs: none,
    },
    latency: createHistogram(),
    service: createHistogram(),
    lateness: createHistogram(),
  }
}

function count({ load, latency, service, lateness }: Tally, sample: RecordedSample): void {
  load.totals.scheduled += 1
  load.totals[sample.outcome] += 1
  if (sample.outcome !== 'skipped') load.totals.sent += 1
  if (sample.latenessUs !== null) lateness.record(Math.max(1, sample.latenessUs))
  // A failure is no answer: how fast it came says nothing about how fast the server is.
  if (sample.outcome !== 'succeeded' || sample.latencyUs === null || sample.serviceUs === null) return
  latency.record(Math.max(1, sample.latencyUs))
  service.record(Math.max(1, sample.serviceUs))
}

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
