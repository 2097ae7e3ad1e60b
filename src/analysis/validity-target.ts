/**
 * Whether the target could carry the load at all. A server that has no processor to run on times out, refuses and resets
 * like one that is being replaced badly; a harness that cannot tell the two apart must not judge (rule 5 of the design).
 */
import type { Sample } from '../model/load.ts'
import type { Finding } from './analysis.ts'
import { inMs, quantile } from './figures.ts'
import { inconclusive } from './finding.ts'
import type { Timeline } from './timeline.ts'

/**
 * One answer in a hundred slower than this, beyond what the request itself asks for. Answers take 1–10 ms where there is
 * room; when one pod of three has to carry all, while others start, 0.7 s was seen; without room, seconds.
 */
export const slownessLimitMs = 1000

/**
 * From the moment a request was on its way over a connection that stood. A SYN that nobody answered is sent again a second
 * later or more, and how long that takes says nothing of what a target can carry.
 */
export function judgeTarget({ judged, recording, roundTripUs }: Timeline): Finding[] {
  const askedMs = new Map(
    recording.manifest.scenario.load.populations.map(({ population, answerMs }) => [population, answerMs]),
  )
  const ownUs = ({ sentUs, writtenUs, endedUs, outcome, population }: Sample): number[] => {
    const fromUs = writtenUs ?? sentUs
    if (outcome.kind !== 'succeeded' || fromUs === null || endedUs === null) return []
    return [endedUs - fromUs - (askedMs.get(population) ?? 0) * 1000 - 2 * roundTripUs]
  }
  const slowestUs = quantile(
    judged.flatMap(ownUs).sort((a, b) => a - b),
    0.99,
  )
  if (slowestUs === null || slowestUs <= slownessLimitMs * 1000) return []
  return [
    inconclusive(
      'target-overloaded',
      `One answer in a hundred took ${inMs(slowestUs)} or more beyond its own time (limit ${slownessLimitMs} ms): ` +
        'the target had more load than it could carry.',
      'Lower the rates, run fewer scenarios at a time, or give the target more processors.',
    ),
  ]
}
