/** Counting samples: by outcome, by class, by population. Every number of a report comes from here or from a cause. */
import { foreignDriver } from './driver-limits.ts'
import type { FailureClass, LoadTotals, Population, Sample } from '../model/load.ts'
import { populations } from '../model/load.ts'
import type { Cause } from '../model/cause.ts'
import type { Expectation, PopulationExpectation } from '../model/scenario.ts'
import type { Attribution, DriverSummary, PopulationSummary, ProbeFinding } from './analysis.ts'
import { quantile } from './figures.ts'
import { overlaps } from './phases.ts'
import type { Timeline } from './timeline.ts'

export function countSamples(samples: readonly Sample[]): LoadTotals {
  const totals = { scheduled: samples.length, sent: 0, skipped: 0, succeeded: 0, failed: 0, unresolved: 0 }
  for (const { outcome } of samples) {
    totals[outcome.kind] += 1
    if (outcome.kind !== 'skipped') totals.sent += 1
  }
  return totals
}

const undeclared: PopulationExpectation = { failures: 'none', causes: [], allowed: [] }

/** The populations that the load profile declares, and any other that sent something nevertheless. */
export function summarizePopulations(
  timeline: Timeline,
  attributions: readonly Attribution[],
  expectation: Expectation,
): PopulationSummary[] {
  const declared = new Set(timeline.recording.manifest.scenario.load.populations.map(each => each.population))
  return populations.flatMap(population => {
    const samples = timeline.judged.filter(sample => sample.population === population)
    if (samples.length === 0 && !declared.has(population)) return []
    const failures = attributions.filter(attribution => attribution.population === population)
    return [
      summarizePopulation(population, samples, failures, expectation.populations[population] ?? undeclared),
    ]
  })
}

export function countByClass(failures: readonly Attribution[]): Partial<Record<FailureClass, number>> {
  const counts: Partial<Record<FailureClass, number>> = {}
  for (const { failureClass } of failures) counts[failureClass] = (counts[failureClass] ?? 0) + 1
  return counts
}

export function countByCause(failures: readonly Attribution[]): Partial<Record<Cause, number>> {
  const counts: Partial<Record<Cause, number>> = {}
  for (const { cause } of failures) counts[cause] = (counts[cause] ?? 0) + 1
  return counts
}

function countByProbe(failures: readonly Attribution[]): Partial<Record<ProbeFinding, number>> {
  const counts: Partial<Record<ProbeFinding, number>> = {}
  for (const { probe } of failures) if (probe !== null) counts[probe] = (counts[probe] ?? 0) + 1
  return counts
}

/** How well the driver kept to its schedule, over what is judged. */
export function summarizeDriver(timeline: Timeline): DriverSummary {
  const { judged, phases, recording } = timeline
  const foreign = foreignDriver(recording.manifest)
  const latenessMs = judged
    .flatMap(sample => (sample.sentUs === null ? [] : [(sample.sentUs - sample.scheduledUs) / 1000]))
    .sort((a, b) => a - b)
  const stallsMs = recording.stalls
    .filter(stall => overlaps(stall, phases.judged))
    .map(stall => (stall.toUs - stall.fromUs) / 1000)
  return {
    latenessMsP50: quantile(latenessMs, 0.5) ?? 0,
    latenessMsP99: quantile(latenessMs, 0.99) ?? 0,
    latenessMsMax: latenessMs.at(-1) ?? 0,
    stalls: stallsMs.length,
    longestStallMs: Math.max(0, ...stallsMs),
    totals: recording.manifest.totals,
    ...(foreign === null ? {} : { foreign }),
  }
}

function summarizePopulation(
  population: Population,
  samples: readonly Sample[],
  failures: readonly Attribution[],
  expectation: PopulationExpectation,
): PopulationSummary {
  const { sent, succeeded, failed, unresolved, skipped } = countSamples(samples)
  const latencyMs = samples
    .flatMap(sample =>
      sample.outcome.kind === 'succeeded' && sample.endedUs !== null
        ? [(sample.endedUs - sample.scheduledUs) / 1000]
        : [],
    )
    .sort((a, b) => a - b)
  return {
    population,
    sent,
    succeeded,
    failed,
    unresolved,
    skipped,
    byClass: countByClass(failures),
    byCause: countByCause(failures),
    byProbe: countByProbe(failures),
    expectation,
    latencyMsP50: quantile(latencyMs, 0.5),
    latencyMsP99: quantile(latencyMs, 0.99),
  }
}
