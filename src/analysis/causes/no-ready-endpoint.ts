/**
 * The Service had no usable endpoint, so the node refused the connection by itself (semantics §7.3). Proved by the
 * vantage node's table; inferred from the EndpointSlices where nobody can read tables.
 *
 * A real node refuses by ICMP, and its kernel sends one such answer a second to each client (net.ipv4.icmp_ratelimit),
 * after a burst of six: in 15 s without an endpoint 19 connects were refused and 1,163 timed out on kind.
 */
import type { Failure } from '../failures.ts'
import { hadNoEndpoint } from '../routing.ts'
import type { Timeline } from '../timeline.ts'
import { rulesFollowUs, tableStreamUs, watchUs } from '../tolerances.ts'
import type { Match, Matcher } from './match.ts'
import { matched } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  const { code, phase, podName } = failure
  const isSilence = code === 'timed-out' && phase === 'connect'
  if (code !== 'refused' && !isSilence) return null
  // its last SYN was led to a pod, and what was left of its time was too short for an answer
  const cameTooLate = isSilence && failure.connectUs > failure.beganUs
  if (podName !== null && !cameTooLate) return null
  const basis =
    timeline.routing.tables.length > 0 ? byTables(failure, timeline) : bySlices(failure, timeline, isSilence)
  return basis === null ? null : matched(basis, failure, timeline)
}

function byTables({ beganUs, connectUs, podName }: Failure, { routing }: Timeline): Match['basis'] | null {
  if (hadNoEndpoint(routing, beganUs)) return 'direct'
  if (podName !== null) return null
  // the driver may still have had the former table, or already the next one
  const near = [connectUs - tableStreamUs, connectUs + watchUs]
  return near.some(atUs => hadNoEndpoint(routing, atUs)) ? 'temporal' : null
}

/** By a clock that may be off: any state that can have been in force. */
function bySlices(
  { connectUs, clockErrorUs, podName }: Failure,
  { routing }: Timeline,
  isSilence: boolean,
): Match['basis'] | null {
  if (podName !== null) return null
  const possible = [connectUs - clockErrorUs, connectUs, connectUs + clockErrorUs]
  // a SYN that got no answer is sent again each second, and the rules may come in between
  if (isSilence) possible.push(connectUs - rulesFollowUs)
  return possible.some(atUs => hadNoEndpoint(routing, atUs)) ? 'temporal' : null
}
