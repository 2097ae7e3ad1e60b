/** Every judged sample that did not succeed, with what is known of the connection and of the pod it led to. */
import { assert, present } from '../base/assert.ts'
import { failureClass } from '../model/failure-class.ts'
import { failureName } from '../model/failure-name.ts'
import type { FailureClass, FailureCode, FailurePhase, ProbeSample, Sample } from '../model/load.ts'
import type { Attribution, ProbeFinding } from './analysis.ts'
import { tellsConnections } from './driver-limits.ts'
import { processedOf } from './ledger.ts'
import type { PodHistory } from './pod-history.ts'
import type { Timeline } from './timeline.ts'

export interface Failure {
  sample: Sample
  failureClass: FailureClass
  /** Its dotted name. */
  name: string
  phase: FailurePhase
  code: FailureCode | 'unresolved'
  /** When it failed; for an unresolved one the end of the load. */
  endedUs: number
  beganUs: number
  /** When its connection was begun, or was asked for in vain: its last SYN, where those before were not answered. */
  connectUs: number
  /**
   * The request was the first on its connection: where it led was decided for this request. Null where the driver does
   * not tell, and then nothing may be concluded from it.
   */
  opensConnection: boolean | null
  /** The server's kernel had taken the connection. */
  connected: boolean
  /** Not one byte of an answer came. */
  unanswered: boolean
  /** How far its instants may be from ours, since they were taken by another clock. */
  clockErrorUs: number
  podName: string | null
  pod: PodHistory | null
  processed: Attribution['processed']
  probe: ProbeFinding | null
}

export function listFailures(timeline: Timeline): Failure[] {
  return timeline.judged.flatMap(sample => {
    const { outcome } = sample
    return outcome.kind === 'failed' || outcome.kind === 'unresolved' ? [toFailure(sample, timeline)] : []
  })
}

/** When a sample failed; one that is still open fails when the load ends. */
export function failedAtUs(sample: Sample, timeline: Timeline): number {
  return sample.endedUs ?? Math.max(timeline.phases.loadEndUs, sample.scheduledUs)
}

function toFailure(sample: Sample, timeline: Timeline): Failure {
  const { outcome, connection } = sample
  const itsClass = failureClass(outcome)
  assert(itsClass !== null, 'a failure has a class')
  const podName = timeline.podOf(sample)
  const phase = outcome.kind === 'failed' ? outcome.phase : openPhase(sample)
  const tells = tellsConnections(timeline.recording.manifest)
  const opensConnection = tells ? connection === null || connection.use === 1 : opensUntold(sample, phase)
  return {
    sample,
    failureClass: itsClass,
    name: nameOf(sample),
    phase,
    code: outcome.kind === 'failed' ? outcome.code : 'unresolved',
    endedUs: failedAtUs(sample, timeline),
    beganUs: beganUs(sample),
    connectUs: connection?.openedUs ?? beganUs(sample),
    opensConnection,
    connected: tells ? connection !== null : phase !== 'connect',
    unanswered: sample.firstByteUs === null,
    clockErrorUs: timeline.clockErrorUs(sample),
    podName,
    pod: podName === null ? null : (timeline.pods.get(podName) ?? null),
    processed: processedOf(timeline.ledger, sample.seq),
    probe: probeFinding(timeline.probes.get(sample.seq)),
  }
}

/** Any answer at all shows that the service is there. */
function probeFinding(probe: ProbeSample | undefined): ProbeFinding | null {
  if (probe === undefined || probe.outcome.kind === 'unresolved' || probe.outcome.kind === 'skipped')
    return null
  return probe.outcome.kind === 'succeeded' ? 'connection-died' : 'service-down'
}

function nameOf({ outcome, firstByteUs, population }: Sample): string {
  const name = failureName(outcome, { answered: firstByteUs !== null, uploading: population === 'upload' })
  return present(name, 'the name of a failure')
}

/** Without a word of the driver: `fresh` always opens one, and who fails to connect was opening one. */
function opensUntold({ population }: Sample, phase: FailurePhase): boolean | null {
  return population === 'fresh' || phase === 'connect' ? true : null
}

function beganUs({ sentUs, scheduledUs }: Sample): number {
  return sentUs ?? scheduledUs
}

/** How far a request had come that was still open when the run ended. */
function openPhase(sample: Sample): FailurePhase {
  if (sample.firstByteUs !== null) return 'body'
  return sample.writtenUs === null ? 'connect' : 'headers'
}
