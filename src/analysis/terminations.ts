/** How each pod of the workload ended: the unit of the statistics, and the rows of the report's timeline. */
import type { Attribution, Termination } from './analysis.ts'
import type { PodHistory } from './pod-history.ts'
import { exitCodeOf } from './pod-history.ts'
import { unroutedUs } from './routing.ts'
import type { Timeline } from './timeline.ts'

/** In order of T0, then of name. Instants are relative to the recording's start. */
export function listTerminations(timeline: Timeline, attributions: readonly Attribution[]): Termination[] {
  const { phases, workloadPods } = timeline
  return workloadPods
    .filter(pod => (pod.terminatingUs ?? pod.deletedUs ?? -1) >= phases.judged.fromUs)
    .sort((a, b) => beganUs(a) - beganUs(b) || (a.pod < b.pod ? -1 : 1))
    .map(pod => toTermination(pod, timeline, attributions.filter(each => each.pod === pod.pod).length))
}

function toTermination(pod: PodHistory, timeline: Timeline, failures: number): Termination {
  const { startedUs } = timeline.recording.manifest
  const relative = (atUs: number | null): number | null => (atUs === null ? null : atUs - startedUs)
  const { preStopStartedUs, preStopEndedUs } = pod
  const exitCode = exitCodeOf(pod)
  return {
    pod: pod.pod,
    node: pod.node,
    terminatingUs: relative(pod.terminatingUs),
    preStopMs:
      preStopStartedUs === null || preStopEndedUs === null
        ? null
        : (preStopEndedUs - preStopStartedUs) / 1000,
    sigtermUs: relative(pod.sigtermUs),
    listenerClosedUs: relative(pod.listenerClosedUs),
    exitedUs: relative(pod.exitedUs ?? pod.exitingUs),
    exitCode,
    killed: pod.sigkillUs !== null || exitCode === 137,
    sandboxGoneUs: relative(pod.sandboxGoneUs),
    unroutedUs: relative(unroutedUs(timeline.routing, pod.pod)),
    deletedUs: relative(pod.deletedUs),
    failures,
  }
}

function beganUs(pod: PodHistory): number {
  return pod.terminatingUs ?? pod.deletedUs ?? 0
}
