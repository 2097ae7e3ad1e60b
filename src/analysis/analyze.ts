/**
 * Judges a recording. A pure function: the same recording gives the same analysis, today and in a newer program, so a
 * stored run can always be judged again. What it reads, in order: the timeline, a cause for each failure, whether the
 * run may be believed, and whether it did what was declared.
 */
import { assert } from '../base/assert.ts'
import type { Recording } from '../model/recording.ts'
import type { Analysis } from './analysis.ts'
import { attribute } from './attribution.ts'
import { compareWithDeclared, declaredFor } from './expectation.ts'
import { populationsThatLeave, summarizeLedger } from './ledger.ts'
import { listOutages } from './outages.ts'
import { rowSentence, summarizeCauses } from './sentences.ts'
import { computeStatistics } from './statistics.ts'
import { listTerminations } from './terminations.ts'
import type { Timeline } from './timeline.ts'
import { buildTimeline } from './timeline.ts'
import { countByClass, countSamples, summarizeDriver, summarizePopulations } from './totals.ts'
import { judgeValidity } from './validity.ts'
import { reachVerdict } from './verdict.ts'

export function analyze(recording: Recording): Analysis {
  const timeline = buildTimeline(recording)
  const declared = declaredFor(recording)
  const attributions = attribute(timeline)
  const requests = countSamples(timeline.judged)
  assert(attributions.length === requests.failed + requests.unresolved, 'every failed request has one cause')

  const driver = summarizeDriver(timeline)
  const leaving = populationsThatLeave(recording.manifest.scenario.load)
  const ledger = timeline.ledger && summarizeLedger(timeline.ledger, timeline.samples, leaving)
  const populations = summarizePopulations(timeline, attributions, declared.expectation)
  const terminations = listTerminations(timeline, attributions)
  const outages = listOutages(timeline)
  const causes = summarizeCauses(timeline, attributions, terminations)
  const findings = [
    ...judgeValidity(timeline, driver, ledger, declared),
    ...compareWithDeclared(timeline, declared.expectation, populations, attributions),
  ]
  return {
    ...identity(timeline),
    disruption: declared.disruption,
    ...reachVerdict(attributions, findings),
    sentence: rowSentence(causes, findings),
    findings,
    populations,
    requests,
    failuresByClass: countByClass(attributions),
    causes,
    attributions,
    terminations,
    outages,
    longestOutageMs: Math.max(0, ...outages.map(outage => outage.durationMs)),
    statistics: computeStatistics(timeline, terminations, attributions, driver),
    driver,
    ledger,
  }
}

/** What the manifest says of the run itself, and its phases on the recording's own clock. */
function identity({
  recording,
  phases,
}: Timeline): Pick<
  Analysis,
  | 'name'
  | 'scenario'
  | 'title'
  | 'shows'
  | 'cluster'
  | 'provenance'
  | 'startedUs'
  | 'durationMs'
  | 'record'
  | 'phases'
> {
  const { manifest } = recording
  const { startedUs, scenario } = manifest
  return {
    name: manifest.name,
    scenario: scenario.name,
    title: scenario.title,
    shows: scenario.shows,
    cluster: manifest.cluster,
    provenance: manifest.provenance,
    startedUs,
    durationMs: Math.max(0, (manifest.endedUs ?? phases.loadEndUs) - startedUs) / 1000,
    record: manifest.disruption,
    phases: phases.marks.map(({ what, beginUs, endUs }) => ({
      mark: what,
      fromUs: beginUs - startedUs,
      toUs: endUs === null ? null : endUs - startedUs,
    })),
  }
}
