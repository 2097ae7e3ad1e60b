/** What both ways of being killed have in common: the connection stood, and it ended when the process did. */
import type { Failure } from '../failures.ts'
import type { PodHistory, ProcessEnd } from '../pod-history.ts'
import { shutdownBeganUs } from '../pod-history.ts'
import type { Timeline } from '../timeline.ts'
import { crossingUs, killSlackUs, noticeUs } from '../tolerances.ts'
import { apartUs, noticedByUs, wasCut } from './match.ts'

/** The server's kernel had taken the connection: a reset during connect means that too, a refusal does not. */
export function wasEstablished(failure: Failure): boolean {
  return wasCut(failure) && failure.connected
}

/** The end of the process at which this failure happened; null when it happened at another time. */
export function endAtFailure(failure: Failure, pod: PodHistory, timeline: Timeline): ProcessEnd | null {
  const { endedUs } = failure
  const at = pod.ends.find(
    end => endedUs >= end.fromUs - apartUs(failure) && endedUs <= noticedByUs(end.toUs, failure, timeline),
  )
  if (at === undefined) return null
  // with bounds alone, a close that crossed the request is more likely the keep-alive race
  if (!at.seen && crossedRequest(failure, timeline, crossingUs)) return null
  return at
}

/** Whether it was SIGKILL: by its sending, by the exit code, or by the grace period when nothing else was seen. */
export function wasKilled(failure: Failure, pod: PodHistory, end: ProcessEnd): boolean {
  if (end.sigkillUs !== null) return failure.endedUs >= end.sigkillUs - apartUs(failure)
  if (end.exitCode !== null) return end.exitCode === 137
  const { terminatingUs, graceMs } = pod
  if (end.seen || terminatingUs === null || graceMs === null) return false
  const sinceGraceUs = failure.endedUs - terminatingUs - graceMs * 1000
  return (
    sinceGraceUs >= -noticeUs - failure.clockErrorUs && sinceGraceUs <= killSlackUs + failure.clockErrorUs
  )
}

/** Closed without a byte so soon after the request on a used connection that nobody can have read it. */
export function crossedRequest(failure: Failure, timeline: Timeline, limitUs: number): boolean {
  const { sample, processed } = failure
  if (failure.opensConnection !== false || !failure.unanswered || !wasCut(failure)) return false
  if (processed === 'arrived' || processed === 'answered') return false
  const writtenUs = sample.writtenUs ?? sample.sentUs ?? sample.scheduledUs
  return failure.endedUs - writtenUs <= limitUs + 2 * timeline.roundTripUs
}

/** The pod was being shut down; a process that ends by itself without that has crashed. */
export function wasShuttingDown(failure: Failure, pod: PodHistory): boolean {
  const beganUs = shutdownBeganUs(pod)
  return beganUs !== null && beganUs <= failure.endedUs + apartUs(failure)
}
