/** A pod that was to take over and never became ready, with the reason that the cluster's events give. */
import { toldSinceDisruptionUs } from './phases.ts'
import type { Timeline } from './timeline.ts'

export interface StuckPod {
  pod: string
  /** `FailedScheduling`, `Unhealthy`, … */
  reason: string
  message: string
}

/** Warnings about a pod that is not there yet; the last one of them says what it lacks. */
const telling: ReadonlySet<string> = new Set([
  'BackOff',
  'ErrImageNeverPull',
  'Failed',
  'FailedAttachVolume',
  'FailedCreatePodSandBox',
  'FailedMount',
  'FailedPostStartHook',
  'FailedScheduling',
  'InspectFailed',
  'Unhealthy',
])

/** The first such pod that the events say something about. */
export function findStuckPod({ workloadPods, transitions, phases }: Timeline): StuckPod | null {
  const fromUs = toldSinceDisruptionUs(phases)
  for (const { pod, addedUs, readyUs, terminatingUs } of workloadPods) {
    if (readyUs !== null || terminatingUs !== null || (addedUs ?? 0) < fromUs) continue
    const last = transitions.findLast(
      each => each.kind === 'event-seen' && each.object === `Pod/${pod}` && telling.has(each.reason),
    )
    if (last?.kind === 'event-seen')
      return { pod, reason: last.reason, message: withoutPreemption(last.message) }
  }
  return null
}

/** A further sentence, with a space before it; empty when no pod is stuck, or nothing is known of why. */
export function whyStuck(timeline: Timeline): string {
  const stuck = findStuckPod(timeline)
  return stuck === null ? '' : ` ${stuck.pod} did not become ready (${stuck.reason}: ${stuck.message}).`
}

/** What the scheduler says about preemption comes after what it says about the nodes, and tells a reader nothing more. */
function withoutPreemption(message: string): string {
  return message.split(/\. (?:no new claims|preemption)/)[0] ?? message
}
