/**
 * A new connection was led to a pod that was already shutting down, because the rules had not followed yet. What the
 * client sees depends on how far the pod was (semantics §7.4, measured in the same order): refused while the sandbox
 * stands and nobody listens, silence after it is gone, a reset when the connection sat in the backlog of a listener
 * that closed.
 */
import type { Failure } from '../failures.ts'
import type { PodHistory } from '../pod-history.ts'
import { shutdownBeganUs } from '../pod-history.ts'
import type { Timeline } from '../timeline.ts'
import { noticeUs } from '../tolerances.ts'
import type { Match, Matcher } from './match.ts'
import { apartUs, matched, noticedByUs, wasCut } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  const { pod, phase, code } = failure
  if (pod === null || failure.opensConnection !== true || !failure.unanswered) return null
  const beganUs = shutdownBeganUs(pod)
  if (beganUs === null) return null
  const ordered = beganUs <= failure.connectUs - failure.clockErrorUs
  const basis = (proved: boolean): Match['basis'] => (proved && ordered ? 'direct' : 'temporal')
  if (wasCut(failure)) {
    if (refusedBehindRelay(failure, pod, timeline)) return matched('temporal', failure, timeline)
    const proved = closedInBacklog(failure, pod, beganUs, timeline)
    return proved === null ? null : matched(basis(proved), failure, timeline)
  }
  if (beganUs > failure.connectUs + apartUs(failure)) return null
  if (phase !== 'connect' && !(isSilence(code) && hadEnded(failure, pod))) return null
  const proved =
    code === 'refused' ? nobodyListened(failure, pod) : isSilence(code) ? wasSilent(failure, pod) : null
  return proved === null ? null : matched(basis(proved), failure, timeline)
}

function isSilence(code: Failure['code']): boolean {
  return code === 'timed-out' || code === 'unreachable' || code === 'denied' || code === 'unresolved'
}

/** No process was left to take the connection: whoever completed it (a proxy, a listener that accepts nothing) is mute. */
function hadEnded({ connectUs, clockErrorUs }: Failure, pod: PodHistory): boolean {
  const end = pod.ends.at(-1)
  return end?.seen === true && end.toUs <= connectUs + clockErrorUs
}

/** Each of these: true = proved by steps, false = possible by what is known, null = not so. */
function nobodyListened(failure: Failure, pod: PodHistory): boolean | null {
  const { endedUs, clockErrorUs } = failure
  const closedUs = pod.listenerClosedUs ?? seenEndUs(pod)
  if (closedUs !== null && closedUs <= endedUs - clockErrorUs) return true
  const closingUs = listenerClosingUs(pod)
  if (closingUs !== null && closingUs <= endedUs + apartUs(failure)) return false
  if (pod.tellsSteps && closedUs !== null) return null
  // an app that tells nothing may close its listener at any time after SIGTERM
  return pod.sigtermUs === null || pod.sigtermUs <= endedUs + apartUs(failure) ? false : null
}

/** From when on the listener may have been closed: a process may lose its core between the step before and the one after. */
function listenerClosingUs(pod: PodHistory): number | null {
  return pod.listenerClosingUs ?? pod.listenerClosedUs ?? seenEndUs(pod)
}

function seenEndUs({ ends }: PodHistory): number | null {
  return ends.filter(end => end.seen).at(-1)?.fromUs ?? null
}

function wasSilent({ connectUs, endedUs, clockErrorUs }: Failure, pod: PodHistory): boolean | null {
  const { sandboxGoneUs } = pod
  if (sandboxGoneUs !== null) {
    if (sandboxGoneUs <= connectUs - clockErrorUs) return true
    return sandboxGoneUs <= connectUs + noticeUs + clockErrorUs ? false : null
  }
  const end = pod.ends.at(-1)
  return end === undefined || end.fromUs <= endedUs + clockErrorUs ? false : null
}

/** A relay in user space has answered the connect before it asks the pod, so that a refusal becomes a cut. */
function refusedBehindRelay(failure: Failure, pod: PodHistory, { recording }: Timeline): boolean {
  if (recording.manifest.driver?.relayed !== true) return false
  const { connectUs, processed } = failure
  if (processed === 'arrived' || processed === 'answered') return false
  const closingUs = listenerClosingUs(pod)
  return closingUs !== null && closingUs <= connectUs + apartUs(failure)
}

/** The kernel had accepted the connection; the server closed its listener without having taken it. */
function closedInBacklog(
  failure: Failure,
  pod: PodHistory,
  beganUs: number,
  timeline: Timeline,
): boolean | null {
  const { connectUs, endedUs, processed } = failure
  const { listenerClosedUs } = pod
  if (listenerClosedUs === null || beganUs > endedUs + failure.clockErrorUs) return null
  if (processed === 'arrived' || processed === 'answered') return null
  if (connectUs > listenerClosedUs + apartUs(failure)) return null
  if (endedUs < (listenerClosingUs(pod) ?? listenerClosedUs) - apartUs(failure)) return null
  if (endedUs > noticedByUs(listenerClosedUs, failure, timeline)) return null
  return processed === 'not-seen'
}
