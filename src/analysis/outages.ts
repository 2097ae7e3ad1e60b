/**
 * Runs of consecutive failures, each population by itself, in order of schedule. An outage lasts until the first success
 * after it, not until its last failure: only a success shows that it is over.
 */
import type { Population, Sample } from '../model/load.ts'
import { populations } from '../model/load.ts'
import type { Outage } from './analysis.ts'
import { failedAtUs } from './failures.ts'
import type { Timeline } from './timeline.ts'

export function listOutages(timeline: Timeline): Outage[] {
  return populations
    .flatMap(population => outagesOf(population, timeline))
    .sort(
      (a, b) => a.fromUs - b.fromUs || populations.indexOf(a.population) - populations.indexOf(b.population),
    )
}

function outagesOf(population: Population, timeline: Timeline): Outage[] {
  const sent = timeline.judged
    .filter(sample => sample.population === population && sample.outcome.kind !== 'skipped')
    .sort((a, b) => a.scheduledUs - b.scheduledUs || a.seq - b.seq)
  const outages: Outage[] = []
  let failed: Sample[] = []
  for (const sample of sent) {
    if (sample.outcome.kind !== 'succeeded') {
      failed.push(sample)
      continue
    }
    if (failed.length > 0) outages.push(toOutage(population, failed, sample.scheduledUs, timeline))
    failed = []
  }
  if (failed.length > 0) {
    const lastEndUs = Math.max(...failed.map(sample => failedAtUs(sample, timeline)))
    outages.push(toOutage(population, failed, lastEndUs, timeline))
  }
  return outages
}

function toOutage(
  population: Population,
  failed: readonly Sample[],
  toUs: number,
  timeline: Timeline,
): Outage {
  const { startedUs } = timeline.recording.manifest
  const fromUs = failed[0]?.scheduledUs ?? toUs
  return {
    population,
    fromUs: fromUs - startedUs,
    toUs: toUs - startedUs,
    durationMs: (toUs - fromUs) / 1000,
    failures: failed.length,
  }
}
