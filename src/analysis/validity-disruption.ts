/** Whether something was disrupted at all, was seen to be, and came to an end (rules 5 and 8 of the design). */
import type { DisruptionName } from '../model/scenario.ts'
import type { DisruptionRecord } from '../model/recording.ts'
import type { Finding } from './analysis.ts'
import { counted, inMs, someOf } from './figures.ts'
import { inconclusive } from './finding.ts'
import { toldSinceDisruptionUs } from './phases.ts'
import type { PodHistory } from './pod-history.ts'
import { whyStuck } from './stuck-pod.ts'
import type { Timeline } from './timeline.ts'
import { watchUs } from './tolerances.ts'

export function judgeDisruption(timeline: Timeline, disruption: DisruptionName): Finding[] {
  const record = timeline.recording.manifest.disruption
  const { phases } = timeline
  if (record === null || phases.disruption === null) {
    const message = 'The recording holds no disruption: it was not begun, or did not report.'
    return [inconclusive('no-disruption', message, remedies['no-disruption'])]
  }
  const unfinished = judgeEnding(record, timeline)
  const seen =
    disruption === 'dependency-outage'
      ? judgeOutage(timeline)
      : record.ending === 'blocked'
        ? [...judgeBlocked(timeline), ...judgeEnds(timeline, record, terminatedTargets(timeline, record))]
        : judgeReplacement(timeline, record, unfinished.length === 0)
  return [...unfinished, ...seen]
}

const remedies = {
  'no-disruption':
    'Check that the disruption applies to this workload: its name, its namespace, the node it runs on.',
  'rollout-unfinished':
    'Look at the new pods (kubectl describe): they did not become ready; or raise settleTimeoutMs.',
  'old-pods-not-seen-to-end':
    'Raise settleTimeoutMs, and keep observers and load running until every old pod is gone.',
}

function judgeEnding({ ending, detail }: DisruptionRecord, timeline: Timeline): Finding[] {
  if (ending !== 'timed-out' && ending !== 'failed') return []
  const how = ending === 'timed-out' ? 'did not end within its time limit' : 'failed'
  const because = detail === null ? '' : `: ${detail}`
  const message = `The disruption ${how}${because}.${whyStuck(timeline)}`
  return [inconclusive('rollout-unfinished', message, remedies['rollout-unfinished'])]
}

interface Target {
  name: string
  history: PodHistory | null
}

function targetsOf(timeline: Timeline, { targets }: DisruptionRecord): Target[] {
  return targets.map(name => ({ name, history: timeline.pods.get(name) ?? null }))
}

function terminatedTargets(timeline: Timeline, record: DisruptionRecord): Target[] {
  const fromUs = toldSinceDisruptionUs(timeline.phases)
  return targetsOf(timeline, record).filter(({ history }) => (history?.terminatingUs ?? -1) >= fromUs)
}

function judgeReplacement(timeline: Timeline, record: DisruptionRecord, finished: boolean): Finding[] {
  if (terminatedTargets(timeline, record).length === 0) {
    const message = `None of the ${counted(record.targets.length, 'pod')} to be replaced was seen to terminate.`
    return [inconclusive('no-disruption', message, remedies['no-disruption'])]
  }
  return finished ? judgeEnds(timeline, record, targetsOf(timeline, record)) : []
}

/** `ending`: those that must have ended; a drain that was blocked left others alone. */
function judgeEnds(timeline: Timeline, { targets }: DisruptionRecord, ending: readonly Target[]): Finding[] {
  const needsExit = timeline.recording.manifest.witnesses.includes('containers')
  const open = ending.filter(({ history }) => !wasSeenToEnd(history, needsExit))
  if (open.length === 0) return []
  const names = someOf(open.map(({ name }) => name))
  const message =
    `${open.length} of ${counted(targets.length, 'old pod')} ${open.length === 1 ? 'was' : 'were'} ` +
    `not seen to end (${names}): what they did to requests is unknown.`
  return [inconclusive('old-pods-not-seen-to-end', message, remedies['old-pods-not-seen-to-end'])]
}

function wasSeenToEnd(history: PodHistory | null, needsExit: boolean): boolean {
  if (history?.deletedUs == null) return false
  return !needsExit || history.exitedUs !== null
}

/** A drain that gives up deletes nothing; that it was tried shows in the cordon. */
function judgeBlocked({ transitions, phases, recording }: Timeline): Finding[] {
  if (!recording.manifest.witnesses.includes('nodes')) return []
  const fromUs = toldSinceDisruptionUs(phases)
  const cordoned = transitions.some(
    each => each.kind === 'node-changed' && each.unschedulable && each.atUs >= fromUs,
  )
  if (cordoned) return []
  const message = 'The drain reported that it was blocked, but no node was seen to be cordoned.'
  return [inconclusive('no-disruption', message, remedies['no-disruption'])]
}

function judgeOutage({ transitions, phases, recording }: Timeline): Finding[] {
  const { dependency } = recording.manifest.scenario
  const fromUs = toldSinceDisruptionUs(phases)
  const toUs = phases.disruption?.toUs ?? fromUs
  const gone = transitions.some(
    each =>
      each.kind === 'workload-changed' &&
      each.workload === dependency &&
      each.available === 0 &&
      each.atUs >= fromUs &&
      each.atUs <= toUs + watchUs,
  )
  if (gone) return []
  const message = `${dependency} was not seen to go down to 0 available pods in the ${inMs(toUs - fromUs)} of the outage.`
  return [inconclusive('no-disruption', message, remedies['no-disruption'])]
}
