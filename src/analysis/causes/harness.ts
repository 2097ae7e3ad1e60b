/**
 * The driver's own fault: its ports or files ran out, or its event loop stood still when a time-out came due. A connect
 * to a pod whose sandbox was already gone, or to a Service without an endpoint, is not excused by a stall: it would have
 * hung anyway.
 */
import { tellStory } from '../evidence.ts'
import { inMs } from '../figures.ts'
import { hadNoEndpoint } from '../routing.ts'
import { stallNearUs } from '../tolerances.ts'
import type { Matcher } from './match.ts'
import { matched } from './match.ts'

export const match: Matcher = (failure, timeline) => {
  if (failure.code === 'local-ports' || failure.code === 'local-files')
    return matched('direct', failure, timeline)
  if (failure.code !== 'timed-out') return null
  const goneUs = failure.pod?.sandboxGoneUs ?? null
  if (goneUs !== null && goneUs <= failure.connectUs) return null
  const { phase, podName, connectUs } = failure
  if (phase === 'connect' && podName === null && hadNoEndpoint(timeline.routing, connectUs)) return null
  const stalls = [...timeline.recording.stalls].sort((a, b) => a.fromUs - b.fromUs || a.toUs - b.toUs)
  const stall = stalls.find(
    ({ fromUs, toUs }) => failure.endedUs >= fromUs - stallNearUs && failure.endedUs <= toUs + stallNearUs,
  )
  if (stall === undefined) return null
  const line = `the driver stood still for ${inMs(stall.toUs - stall.fromUs)} when this time-out came due`
  return { basis: 'temporal', evidence: [...tellStory(failure, timeline), line] }
}
