/**
 * How long the phases of each replacement took, from what any cluster shows: its API, the app's own steps in its log, and
 * the requests themselves. So a model and a real cluster can be laid side by side.
 */
import type { Recording } from '../model/recording.ts'
import type { PodHistory } from './pod-history.ts'
import type { Timeline } from './timeline.ts'
import { buildTimeline } from './timeline.ts'

export const phaseNames = [
  'deletion → last new connection',
  'SIGTERM → exit',
  'exit → address gone',
  'ready → first request',
] as const
export type PhaseName = (typeof phaseNames)[number]

/** Milliseconds, one for each pod in which the phase was seen. */
export type PhaseTimes = Record<PhaseName, number[]>

export function measurePhaseTimes(recording: Recording): PhaseTimes {
  const timeline = buildTimeline(recording)
  const lastEstablished = lastEstablishedUs(timeline)
  const addressGone = addressGoneUs(timeline)
  const fromUs = timeline.phases.disruption?.fromUs ?? Infinity
  const ended = timeline.workloadPods.filter(({ terminatingUs }) => (terminatingUs ?? -1) >= fromUs)
  const started = timeline.workloadPods.filter(({ addedUs }) => (addedUs ?? -1) >= fromUs)
  return {
    'deletion → last new connection': times(ended, pod => [pod.terminatingUs, lastEstablished.get(pod.pod)]),
    // By the app's own word in its log: the container's steps are the model's alone.
    'SIGTERM → exit': times(ended, pod => [
      appStepUs(timeline, pod, 'sigterm'),
      appStepUs(timeline, pod, 'exiting'),
    ]),
    'exit → address gone': times(ended, pod => [
      appStepUs(timeline, pod, 'exiting'),
      addressGone.get(pod.pod),
    ]),
    'ready → first request': times(started, pod => [pod.readyUs, firstEstablishedUs(timeline, pod)]),
  }
}

type Span = [fromUs: number | null | undefined, toUs: number | null | undefined]

function times(pods: readonly PodHistory[], spanOf: (pod: PodHistory) => Span): number[] {
  return pods.flatMap(pod => {
    const [fromUs, toUs] = spanOf(pod)
    return fromUs == null || toUs == null ? [] : [(toUs - fromUs) / 1000]
  })
}

/** Of a connection that led to an answer, since only then is it known on every cluster where it led. A connect may wait. */
function lastEstablishedUs({ samples, podOf }: Timeline): ReadonlyMap<string, number> {
  const last = new Map<string, number>()
  for (const sample of samples) {
    const { connection, outcome, writtenUs } = sample
    const pod = outcome.kind === 'succeeded' ? podOf(sample) : null
    if (connection?.use !== 1 || writtenUs === null || pod === null) continue
    last.set(pod, Math.max(last.get(pod) ?? 0, writtenUs))
  }
  return last
}

function firstEstablishedUs({ samples, podOf }: Timeline, { pod }: PodHistory): number | null {
  const established = samples.flatMap(sample =>
    sample.connection?.use === 1 && sample.writtenUs !== null && podOf(sample) === pod
      ? [sample.writtenUs]
      : [],
  )
  return established.length === 0 ? null : Math.min(...established)
}

function addressGoneUs({ transitions }: Timeline): ReadonlyMap<string, number> {
  const gone = new Map<string, number>()
  for (const each of transitions) if (each.kind === 'endpoint-removed') gone.set(each.pod, each.atUs)
  return gone
}

function appStepUs(
  { transitions }: Timeline,
  { pod }: PodHistory,
  step: 'sigterm' | 'exiting',
): number | null {
  return (
    transitions.find(each => each.kind === 'app-step' && each.pod === pod && each.step === step)?.atUs ?? null
  )
}
