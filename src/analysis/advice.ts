/** What to change about each cause, by what this run showed of the configuration. */
import type { Cause } from '../model/cause.ts'
import type { Attribution, Termination } from './analysis.ts'
import { inMs } from './figures.ts'
import type { PodHistory } from './pod-history.ts'
import { findStuckPod } from './stuck-pod.ts'
import type { Timeline } from './timeline.ts'
import { mostWithoutReadyPod } from './without-ready-pod.ts'

/** A process that is gone this soon after SIGTERM did not wait for anybody. */
const atOnceUs = 200_000

/** `failures`: those of this cause; `ended`: the pods that they met. */
export function adviceFor(
  cause: Cause,
  failures: readonly Attribution[],
  ended: readonly Termination[],
  timeline: Timeline,
): string {
  const histories = ended.flatMap(({ pod }) => timeline.pods.get(pod) ?? [])
  switch (cause) {
    case 'endpoint-lingered':
      return mostWithoutReadyPod(failures, timeline)
        ? aboutCapacity(timeline)
        : aboutPreStop(ended, histories, timeline)
    case 'pinned-source-port':
      return 'Let clients choose their source ports in turn, or send the load from inside, where the driver does; the pods had ended long before, and the rules were right'
    case 'ready-too-early':
      return 'Add a readinessProbe that succeeds only once the server answers'
    case 'killed-in-flight':
      return aboutShutdown(ended, timeline)
    case 'killed-at-end-of-grace':
      return aboutGrace(histories, timeline)
    case 'idle-connection-reused':
      return 'Leave idle connections open while shutting down, answer on them with Connection: close, and exit when the clients have gone'
    case 'no-ready-endpoint':
      return aboutCapacity(timeline)
    case 'answered-with-error':
      return "Look at the app's log at these instants: routing and shutdown did their part"
    case 'harness':
      return 'Free the machine of other work, or lower the rates, and run again'
    case 'unexplained':
      return 'Look at the evidence of each; add the witness that is missing'
  }
}

function aboutPreStop(
  ended: readonly Termination[],
  histories: readonly PodHistory[],
  timeline: Timeline,
): string {
  const failure = histories.find(({ preStopFailure }) => preStopFailure !== null)?.preStopFailure
  if (failure !== undefined) {
    return `Make the preStop hook work (it failed: ${failure}); the sleep action needs no command in the image`
  }
  const lags = ended.flatMap(({ terminatingUs, unroutedUs }) =>
    terminatingUs === null || unroutedUs === null ? [] : [unroutedUs - terminatingUs],
  )
  const need =
    lags.length === 0
      ? 'what the rules need to follow'
      : `the ${inMs(Math.max(...lags))} that the rules needed`
  const preStops = ended.flatMap(({ preStopMs }) => (preStopMs === null ? [] : [preStopMs]))
  if (preStops.length > 0) {
    return `Lengthen the preStop sleep (now ${inMs(Math.max(...preStops) * 1000)}) well beyond ${need}`
  }
  const known = timeline.recording.manifest.witnesses.includes('containers')
  return `${known ? 'Add' : 'Add or lengthen'} a preStop sleep well beyond ${need} (5 s is usual), so that the server listens until then`
}

function aboutShutdown(ended: readonly Termination[], timeline: Timeline): string {
  const spans = ended.flatMap(({ sigtermUs, exitedUs }) =>
    sigtermUs === null || exitedUs === null ? [] : [exitedUs - sigtermUs],
  )
  const slowest = slowestAnswer(timeline)
  if (spans.length > 0 && Math.max(...spans) <= atOnceUs) {
    return `Handle SIGTERM: stop accepting, and exit only when the requests in flight have been answered${slowest}`
  }
  return `Let the server's shutdown limit exceed its slowest request${slowest}, and the grace period exceed preStop and limit together`
}

function aboutGrace(histories: readonly PodHistory[], timeline: Timeline): string {
  if (histories.some(({ sigtermIgnored }) => sigtermIgnored)) {
    return 'Let the server receive and handle SIGTERM: as PID 1 it needs a handler, and behind a shell it needs exec'
  }
  const graceMs = histories.flatMap(history => history.graceMs ?? [])
  const now = graceMs.length === 0 ? '' : ` (now ${Math.max(...graceMs) / 1000} s)`
  return `Raise terminationGracePeriodSeconds${now} above preStop and the slowest request${slowestAnswer(timeline)} together`
}

function aboutCapacity(timeline: Timeline): string {
  const { disruption, scenario } = timeline.recording.manifest
  const stuck = findStuckPod(timeline)
  if (stuck !== null)
    return `Let the next pod become ready: ${stuck.pod} did not (${stuck.reason}: ${stuck.message})`
  switch (disruption?.disruption) {
    case 'drain':
      return 'Run more than one replica, spread over nodes, and protect them with a PodDisruptionBudget'
    case 'dependency-outage':
      return `Do not let every pod's readiness depend on ${scenario.dependency}: serve what can be served without it`
    case 'rolling-update':
    case undefined:
      return 'Use strategy RollingUpdate with maxUnavailable 0, and a readinessProbe that holds until the server serves'
  }
}

function slowestAnswer({ recording }: Timeline): string {
  const slowestMs = Math.max(
    0,
    ...recording.manifest.scenario.load.populations.map(({ answerMs }) => answerMs),
  )
  return slowestMs === 0 ? '' : ` (${inMs(slowestMs * 1000)} here)`
}
