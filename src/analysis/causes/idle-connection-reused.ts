/**
 * The keep-alive race: the server, shutting down, closed a connection that was idle to it while a request was already
 * on the way. No byte came back, and the server's ledger does not know the request. It is asked after the two ways of
 * being killed, so a close at the process's end is already spoken for; and a server that ignores SIGTERM closes nothing.
 * In HTTP/2 the server says so itself, by a GOAWAY that leaves the stream out.
 */
import { crossingBusyUs } from '../tolerances.ts'
import { crossedRequest, wasEstablished, wasShuttingDown } from './killed.ts'
import type { Matcher } from './match.ts'
import { apartUs, matched, noticedByUs, wasTurnedAway } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  const { pod, processed, endedUs } = failure
  if (pod === null || failure.opensConnection !== false || !failure.unanswered) return null
  const turnedAway = wasTurnedAway(failure)
  if (!turnedAway && !wasEstablished(failure)) return null
  if (!wasShuttingDown(failure, pod)) return null
  if (processed === 'arrived' || processed === 'answered') return null
  if (pod.sigtermIgnored) return null
  if (pod.sigtermUs !== null && endedUs < pod.sigtermUs - apartUs(failure)) return null
  const lastEndUs = pod.ends.at(-1)?.toUs ?? pod.deletedUs
  if (lastEndUs !== null && endedUs > noticedByUs(lastEndUs, failure, timeline)) return null
  const crossed = turnedAway || crossedRequest(failure, timeline, crossingBusyUs)
  if (!crossed && processed !== 'not-seen') return null
  const proved = crossed && processed === 'not-seen' && pod.sigtermUs !== null
  return matched(proved ? 'direct' : 'temporal', failure, timeline)
}
