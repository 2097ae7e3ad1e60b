/**
 * Whether the windows around the disruption were clean, and whether every witness watched all the time. A failure in
 * the baseline would be blamed on the disruption; one in the cool-down means that the run ended too early to judge.
 */
import type { Witness } from '../model/transition.ts'
import type { Finding } from './analysis.ts'
import { failedAtUs } from './failures.ts'
import { counted, inMs, listed } from './figures.ts'
import { inconclusive } from './finding.ts'
import { overlaps } from './phases.ts'
import type { Timeline } from './timeline.ts'

export function judgeWindows(timeline: Timeline): Finding[] {
  return [...judgeBaseline(timeline), ...judgeCoolDown(timeline), ...judgeWitnesses(timeline)]
}

/** By the instant of failure: a request of the baseline that fails after the disruption began belongs to that. */
function judgeBaseline(timeline: Timeline): Finding[] {
  const { phases, judged } = timeline
  const remedy =
    'Find out why requests fail when nothing is disturbed; for a cold start, lengthen the warm-up.'
  if (phases.baseline === null) {
    return [
      inconclusive(
        'baseline-dirty',
        'No baseline window was recorded, so nothing shows that it was clean.',
        remedy,
      ),
    ]
  }
  const untilUs = phases.disruption?.fromUs ?? phases.baseline.toUs
  const failed = judged.filter(
    sample => sample.outcome.kind === 'failed' && failedAtUs(sample, timeline) < untilUs,
  )
  if (failed.length === 0) return []
  const message = `${counted(failed.length, 'request')} failed in the baseline, before anything was disrupted.`
  return [inconclusive('baseline-dirty', message, remedy)]
}

/** By the schedule: a time-out of a connection that was begun earlier is a late echo of the disruption. */
function judgeCoolDown({ phases, judged }: Timeline): Finding[] {
  const remedy =
    'Wait longer for the workload to settle before the cool-down, and look at what the last requests met.'
  const { coolDown } = phases
  if (coolDown === null) {
    return [
      inconclusive(
        'cool-down-dirty',
        'No cool-down window was recorded, so nothing shows that it was over.',
        remedy,
      ),
    ]
  }
  const failed = judged.filter(
    ({ scheduledUs, outcome }) =>
      (outcome.kind === 'failed' || outcome.kind === 'unresolved') && scheduledUs >= coolDown.fromUs,
  )
  if (failed.length === 0) return []
  const message = `${counted(failed.length, 'request')} sent in the cool-down failed, when all should have been over.`
  return [inconclusive('cool-down-dirty', message, remedy)]
}

function judgeWitnesses({ recording, transitions, phases }: Timeline): Finding[] {
  const { witnesses } = recording.manifest
  const synced = new Map<Witness, number>()
  const gaps: string[] = []
  for (const transition of transitions) {
    if (transition.kind === 'watch-synced' && !synced.has(transition.witness)) {
      synced.set(transition.witness, transition.atUs)
    }
    if (transition.kind !== 'watch-gap' || !witnesses.includes(transition.witness)) continue
    const gap = { fromUs: transition.fromUs, toUs: transition.atUs }
    if (!overlaps(gap, phases.judged)) continue
    gaps.push(`${transition.witness} for ${inMs(gap.toUs - gap.fromUs)} (${transition.why})`)
  }
  const late = witnesses.filter(
    witness => (synced.get(witness) ?? Number.MAX_SAFE_INTEGER) > phases.judged.fromUs,
  )
  const findings: Finding[] = []
  if (late.length > 0) {
    const message = `${listed(late)} had not synced when the baseline began, so what came before is not known.`
    const remedy =
      'Check access to the API (list and watch on these resources) and wait for the observers to sync.'
    findings.push(inconclusive('watch-never-synced', message, remedy))
  }
  if (gaps.length > 0) {
    const message = `Something may have gone unseen: ${counted(gaps.length, 'gap')} in what was watched: ${listed(gaps)}.`
    findings.push(
      inconclusive('watch-gap', message, 'Record the run again; if it recurs, look at the API server.'),
    )
  }
  return findings
}

export function judgeRecording({ recording }: Timeline): Finding[] {
  const { interrupted, endedUs } = recording.manifest
  const findings: Finding[] = []
  if (interrupted !== null || endedUs === null) {
    const message = `The run was broken off: ${interrupted ?? 'the recording was never closed'}.`
    findings.push(inconclusive('run-interrupted', message, 'Run it again, to its end.'))
  }
  const torn = recording.torn.filter(({ lines }) => lines > 0).sort((a, b) => (a.file < b.file ? -1 : 1))
  if (torn.length > 0) {
    const where = listed(torn.map(({ file, lines }) => `${counted(lines, 'line')} of ${file}`))
    const message = `The recording is damaged: ${where} could not be read.`
    findings.push(
      inconclusive(
        'recording-torn',
        message,
        'Record the run again: a torn file comes from a crash or a full disk.',
      ),
    )
  }
  return findings
}
