/**
 * A new pod was routed to before its server listened. A pod that listened once and does so no more is another matter
 * (a crash, or a shutdown).
 */
import type { Failure } from '../failures.ts'
import type { PodHistory } from '../pod-history.ts'
import { shutdownBeganUs } from '../pod-history.ts'
import { inForceAt, listsPod } from '../routing.ts'
import type { Timeline } from '../timeline.ts'
import { tableStreamUs } from '../tolerances.ts'
import type { Matcher } from './match.ts'
import { apartUs, matched, wasCut } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  const { pod, connectUs, endedUs } = failure
  if (pod === null || failure.opensConnection !== true || !failure.unanswered) return null
  const relayed = timeline.recording.manifest.driver?.relayed === true
  const refused = failure.code === 'refused' || (wasCut(failure) && (relayed || failure.phase === 'connect'))
  if (!refused) return null
  const shutdownUs = shutdownBeganUs(pod)
  if (shutdownUs !== null && shutdownUs <= endedUs + apartUs(failure)) return null
  const servesFromUs = firstServedUs(pod, timeline)
  // a pod that is only a suspect, and of which nobody knows when it began to serve, fits every refusal: that is no match
  if (servesFromUs === null && failure.podName === null) return null
  // A refusal is made when the connect comes, and noticed when the driver has a core again: the server may have begun to
  // listen in between.
  if (servesFromUs !== null && servesFromUs <= connectUs - apartUs(failure)) return null
  const certain = pod.tellsSteps && (servesFromUs === null || servesFromUs >= endedUs + failure.clockErrorUs)
  return matched(certain && wasRouted(failure, pod, timeline) ? 'direct' : 'temporal', failure, timeline)
}

/** By its own word, or by the first answer it gave; null when it never served. */
function firstServedUs(pod: PodHistory, timeline: Timeline): number | null {
  return pod.listeningUs ?? timeline.firstSuccessUs.get(pod.pod) ?? null
}

function wasRouted(failure: Failure, pod: PodHistory, { routing }: Timeline): boolean {
  const { connectUs } = failure
  return [connectUs, connectUs - tableStreamUs].some(atUs =>
    listsPod(inForceAt(routing.tables, atUs), pod.pod),
  )
}
