/**
 * The process ended by itself, or cut its connections at a limit of its own, before the request was answered. Also for
 * a connection that the kernel had accepted just before: to the client it stood.
 */
import { endAtFailure, wasEstablished, wasKilled } from './killed.ts'
import type { Matcher } from './match.ts'
import { apartUs, matched, noticedByUs } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  const { pod, endedUs } = failure
  if (pod === null || !wasEstablished(failure)) return null
  if (pod.cutUs !== null) {
    const inTime =
      endedUs >= pod.cutUs - apartUs(failure) && endedUs <= noticedByUs(pod.cutUs, failure, timeline)
    if (inTime) return matched('direct', failure, timeline)
  }
  const end = endAtFailure(failure, pod, timeline)
  if (end === null || wasKilled(failure, pod, end)) return null
  return matched(end.seen ? 'direct' : 'temporal', failure, timeline)
}
