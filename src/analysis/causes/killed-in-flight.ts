/**
 * The process ended by itself, or cut its connections at a limit of its own, before the request was answered. Also for
 * a connection that the kernel had accepted just before: to the client it stood.
 */
import type { Failure } from '../failures.ts'
import { endAtFailure, wasEstablished, wasKilled } from './killed.ts'
import type { Matcher } from './match.ts'
import { apartUs, matched, noticedByUs } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  const { pod, endedUs } = failure
  if (pod === null || !wasEstablished(failure)) return null
  if (pod.cutUs !== null) {
    const inTime =
      endedUs >= pod.cutUs - apartUs(failure) && endedUs <= noticedByUs(pod.cutUs, failure, timeline)
    if (inTime) return matched(reached(failure) ? 'direct' : 'temporal', failure, timeline)
  }
  const end = endAtFailure(failure, pod, timeline)
  if (end === null || wasKilled(failure, pod, end)) return null
  return matched(end.seen && reached(failure) ? 'direct' : 'temporal', failure, timeline)
}

/**
 * By a clock that is not ours, a connection that the closing listener left behind looks the same; that the server had the
 * request tells them apart.
 */
function reached({ clockErrorUs, processed }: Failure): boolean {
  return clockErrorUs === 0 || processed === 'arrived' || processed === 'answered'
}
