/** What a cause answers when asked about a failure; null when it is not the cause. */
import type { Attribution } from '../analysis.ts'
import type { Failure } from '../failures.ts'
import { tellStory } from '../evidence.ts'
import type { Timeline } from '../timeline.ts'
import { noticeUs, watchUs } from '../tolerances.ts'

export interface Match {
  basis: Attribution['basis']
  evidence: string[]
}

export type Matcher = (failure: Failure, timeline: Timeline) => Match | null

export function matched(basis: Match['basis'], failure: Failure, timeline: Timeline): Match {
  return { basis, evidence: tellStory(failure, timeline) }
}

/**
 * Cut by an orderly end or by a reset; which of both is chance (a server that has bytes left to read resets,
 * and by TLS an RST that comes with data looks like a FIN). A WebSocket names either an abnormal close, for it ended
 * without a goodbye.
 */
export function wasCut({ code }: Failure): boolean {
  return code === 'closed' || code === 'reset' || code === 'abnormal-close'
}

/** HTTP/2 has a word for it: the stream crossed the server's GOAWAY, which says that it was not processed. */
export function wasTurnedAway({ code }: Failure): boolean {
  return code === 'goaway'
}

/** How far a witness and this sample may disagree about one instant: the watch's delay, and the driver's clock. */
export function apartUs(failure: Failure): number {
  return watchUs + failure.clockErrorUs
}

/** By when the driver must have noticed something that became visible to it at `atUs`: after the way there, and its delay. */
export function noticedByUs(atUs: number, failure: Failure, timeline: Timeline): number {
  return (
    atUs + noticeUs + failure.clockErrorUs + timeline.roundTripUs + timeline.driverDelayUs(failure.endedUs)
  )
}
