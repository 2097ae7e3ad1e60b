/**
 * A connect hung because its source port was used shortly before, by a connect that was never answered: the node's
 * conntrack table still led that port to the dead pod, though the rules had long followed. Clients that let the kernel
 * choose ports suffer this, up to two minutes after a rollout. Only where a Service's own address is dialled: a
 * connection that goes straight to a pod is not translated.
 */
import type { Sample } from '../../model/load.ts'
import type { Failure } from '../failures.ts'
import { inMs } from '../figures.ts'
import type { Timeline } from '../timeline.ts'
import { pinnedUs } from '../tolerances.ts'
import { tellStory } from '../evidence.ts'
import type { Matcher } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  const { sample, podName, opensConnection, phase, code } = failure
  const hung = code === 'timed-out' || code === 'unresolved'
  if (podName !== null || !opensConnection || phase !== 'connect' || !hung) return null
  const before = hungBefore(sample, failure, timeline)
  if (before === null) return null
  const agoUs = failure.connectUs - (before.endedUs ?? failure.connectUs)
  const line =
    `source port ${sample.connection?.localPort ?? '?'} was that of request ${before.seq}, whose connect hung as well, ` +
    `${inMs(agoUs)} before: conntrack keeps such a port pinned to the dead pod for ${pinnedUs / 1_000_000} s`
  return { basis: 'temporal', evidence: [...tellStory(failure, timeline), line] }
}

/** The last connect from the same port of the same driver to the same address that was given up unanswered. */
function hungBefore(sample: Sample, failure: Failure, timeline: Timeline): Sample | null {
  return (
    timeline.hungConnects(sample).findLast(each => {
      const givenUpUs = each.endedUs ?? Infinity
      return givenUpUs <= failure.connectUs && failure.connectUs - givenUpUs <= pinnedUs
    }) ?? null
  )
}
