/** Every judged sample that did not succeed, with what is known of the connection and of the pod it led to. */
import { assert } from '../base/assert.ts'
import { failureClass } from '../model/failure-class.ts'
import type { FailureClass, FailureCode, FailurePhase, Sample } from '../model/load.ts'
import type { Attribution } from './analysis.ts'
import { processedOf } from './ledger.ts'
import type { PodHistory } from './pod-history.ts'
import type { Timeline } from './timeline.ts'

export interface Failure {
  sample: Sample
  failureClass: FailureClass
  phase: FailurePhase
  code: FailureCode | 'unresolved'
  /** When it failed; for an unresolved one the end of the load. */
  endedUs: number
  /** When its connection was begun, or was asked for in vain. */
  connectUs: number
  /** The request was the first on its connection: where it led was decided for this request. */
  opensConnection: boolean
  /** Not one byte of an answer came. */
  unanswered: boolean
  /** How far its instants may be from ours, since they were taken by another clock. */
  clockErrorUs: number
  podName: string | null
  pod: PodHistory | null
  processed: Attribution['processed']
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
  const opensConnection = connection === null || connection.use === 1
  return {
    sample,
    failureClass: itsClass,
    phase: outcome.kind === 'failed' ? outcome.phase : openPhase(sample),
    code: outcome.kind === 'failed' ? outcome.code : 'unresolved',
    endedUs: failedAtUs(sample, timeline),
    connectUs: opensConnection ? (sample.sentUs ?? sample.scheduledUs) : connection.openedUs,
    opensConnection,
    unanswered: sample.firstByteUs === null,
    clockErrorUs: timeline.clockErrorUs(sample),
    podName,
    pod: podName === null ? null : (timeline.pods.get(podName) ?? null),
    processed: processedOf(timeline.ledger, sample.seq),
  }
}

/** How far a request had come that was still open when the run ended. */
function openPhase(sample: Sample): FailurePhase {
  if (sample.firstByteUs !== null) return 'body'
  return sample.writtenUs === null ? 'connect' : 'headers'
}
