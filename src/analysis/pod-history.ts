/**
 * What became of each pod, in its own words and in those of everyone who watched it. Steps of the container and of the
 * app are preferred; where a cluster does not offer them (a real one), the pod's object alone gives bounds, and every
 * conclusion from a bound is `temporal`.
 */
import type { AppStep, ContainerStep, Transition } from '../model/transition.ts'
import { describeTransition } from './facts.ts'
import { deletionLagUs, noticeUs, statusLagUs, watchUs } from './tolerances.ts'

export interface Fact {
  atUs: number
  text: string
}

/** The end of one process: somewhere between the two instants its sockets closed. */
export interface ProcessEnd {
  fromUs: number
  toUs: number
  /** When SIGKILL was sent; null when it was not, or not seen. */
  sigkillUs: number | null
  exitCode: number | null
  /** False when it is inferred from the pod's status or from its deletion. */
  seen: boolean
}

export interface PodHistory {
  pod: string
  owner: string | null
  node: string | null
  addedUs: number | null
  /** First time it was reported ready; null when never. */
  readyUs: number | null
  /** T0 */
  terminatingUs: number | null
  graceMs: number | null
  deletedUs: number | null
  /** From the API: the last container that ended. */
  terminated: { atUs: number; exitCode: number } | null
  preStopStartedUs: number | null
  preStopEndedUs: number | null
  /** Why the preStop hook failed; null when it did not. */
  preStopFailure: string | null
  sigtermUs: number | null
  sigtermIgnored: boolean
  sigkillUs: number | null
  listeningUs: number | null
  /** Before the listener was closed, and after: a process may lose its core in between. One is there, the other may not be. */
  listenerClosingUs: number | null
  listenerClosedUs: number | null
  cutUs: number | null
  exitingUs: number | null
  exitedUs: number | null
  sandboxGoneUs: number | null
  ends: ProcessEnd[]
  /** Whether the app tells its steps: only then does silence mean that a step did not happen. */
  tellsSteps: boolean
  facts: Fact[]
}

/** `transitions` in order of time. */
export function collectPods(transitions: readonly Transition[]): Map<string, PodHistory> {
  const pods = new Map<string, PodHistory>()
  for (const transition of transitions) {
    if (!('pod' in transition)) continue
    const history = pods.get(transition.pod) ?? unseen(transition.pod)
    pods.set(transition.pod, history)
    const text = describeTransition(transition)
    if (text !== null) history.facts.push({ atUs: transition.atUs, text })
    record(history, transition)
  }
  for (const history of pods.values()) concludeEnds(history)
  return pods
}

export function exitCodeOf(history: PodHistory): number | null {
  return history.terminated?.exitCode ?? history.ends.at(-1)?.exitCode ?? null
}

/** When the pod's shutdown began, by whoever saw it first: the watch that tells of T0 may be behind the kubelet. */
export function shutdownBeganUs(history: PodHistory): number | null {
  const { terminatingUs, preStopStartedUs, sigtermUs } = history
  if (terminatingUs === null) return null
  return Math.min(terminatingUs, preStopStartedUs ?? terminatingUs, sigtermUs ?? terminatingUs)
}

function unseen(pod: string): PodHistory {
  return {
    pod,
    owner: null,
    node: null,
    addedUs: null,
    readyUs: null,
    terminatingUs: null,
    graceMs: null,
    deletedUs: null,
    terminated: null,
    preStopStartedUs: null,
    preStopEndedUs: null,
    preStopFailure: null,
    sigtermUs: null,
    sigtermIgnored: false,
    sigkillUs: null,
    listeningUs: null,
    listenerClosingUs: null,
    listenerClosedUs: null,
    cutUs: null,
    exitingUs: null,
    exitedUs: null,
    sandboxGoneUs: null,
    ends: [],
    tellsSteps: false,
    facts: [],
  }
}

function record(history: PodHistory, transition: Extract<Transition, { pod: string }>): void {
  const { atUs } = transition
  switch (transition.kind) {
    case 'pod-added':
      history.addedUs ??= atUs
      history.owner ??= transition.owner
      history.node ??= transition.node
      if (transition.ready) history.readyUs ??= atUs
      break
    case 'pod-scheduled':
      history.node ??= transition.node
      break
    case 'pod-ready':
      if (transition.ready) history.readyUs ??= atUs
      break
    case 'pod-terminating':
      history.terminatingUs ??= atUs
      history.graceMs = transition.graceMs
      break
    case 'pod-deleted':
      history.deletedUs ??= atUs
      break
    case 'container-terminated':
      history.terminated = { atUs, exitCode: transition.exitCode }
      break
    case 'container-step':
      recordContainerStep(history, atUs, transition.step, transition.detail)
      break
    case 'app-step':
      history.tellsSteps = true
      recordAppStep(history, atUs, transition.step)
      break
    case 'pod-addressed':
    case 'pod-restarted':
    case 'endpoint-changed':
    case 'endpoint-removed':
      break
  }
}

function recordContainerStep(
  history: PodHistory,
  atUs: number,
  step: ContainerStep,
  detail: string | null,
): void {
  switch (step) {
    case 'process-started':
      // a restart: what the former process did says nothing about this one
      history.sigtermUs = null
      history.sigtermIgnored = false
      history.sigkillUs = null
      history.listenerClosingUs = null
      history.listenerClosedUs = null
      history.cutUs = null
      history.exitingUs = null
      break
    case 'pre-stop-started':
      history.preStopStartedUs = atUs
      break
    case 'pre-stop-ended':
      history.preStopEndedUs = atUs
      break
    case 'pre-stop-failed':
      history.preStopEndedUs = atUs
      history.preStopFailure = detail ?? 'no reason given'
      break
    case 'sigterm-sent':
      history.sigtermUs = earliest(history.sigtermUs, atUs)
      break
    case 'sigterm-ignored':
      // the signal was sent, and nobody took it
      history.sigtermUs = earliest(history.sigtermUs, atUs)
      history.sigtermIgnored = true
      break
    case 'sigkill-sent':
      history.sigkillUs ??= atUs
      break
    case 'exited':
      history.exitedUs = atUs
      history.ends.push(seenEnd(history, atUs, numberIn(detail)))
      break
    case 'sandbox-gone':
      history.sandboxGoneUs ??= atUs
      break
    case 'probe-errored':
      break
  }
}

function recordAppStep(history: PodHistory, atUs: number, step: AppStep): void {
  switch (step) {
    case 'listening':
      history.listeningUs ??= atUs
      break
    case 'sigterm':
      // the kubelet's own account of the sending is the better one
      history.sigtermUs ??= atUs
      break
    case 'listener-closing':
      history.listenerClosingUs ??= atUs
      break
    case 'listener-closed':
      history.listenerClosedUs ??= atUs
      break
    case 'draining-cut':
      history.cutUs ??= atUs
      break
    case 'exiting':
      history.exitingUs ??= atUs
      break
  }
}

/** An exit is noticed after it happened: the sockets closed between the step that led to it and the notice. */
function seenEnd(history: PodHistory, exitedUs: number, exitCode: number | null): ProcessEnd {
  const { exitingUs, sigkillUs, sigtermUs } = history
  const lastStepUs = exitingUs ?? sigkillUs
  const fromUs = lastStepUs ?? Math.max(exitedUs - noticeUs, sigtermUs ?? 0)
  return { fromUs, toUs: exitedUs, sigkillUs, exitCode, seen: true }
}

function concludeEnds(history: PodHistory): void {
  const { ends, exitingUs, terminated, deletedUs, terminatingUs } = history
  const earliestUs = (terminatingUs ?? 0) - watchUs
  if (exitingUs !== null && !ends.some(end => end.toUs >= exitingUs)) {
    // Nobody saw it end: it did between its last word and its status. A busy machine takes a tenth of a second for it.
    const toUs = Math.max(exitingUs, terminated?.atUs ?? exitingUs)
    ends.push({ fromUs: exitingUs, toUs, sigkillUs: null, exitCode: null, seen: true })
  }
  if (ends.length === 0 && terminated !== null) {
    const { atUs, exitCode } = terminated
    const fromUs = Math.max(earliestUs, atUs - statusLagUs)
    ends.push({ fromUs, toUs: atUs, sigkillUs: null, exitCode, seen: false })
  }
  if (ends.length === 0 && deletedUs !== null && terminatingUs !== null) {
    const fromUs = Math.max(earliestUs, deletedUs - deletionLagUs)
    ends.push({ fromUs, toUs: deletedUs, sigkillUs: null, exitCode: null, seen: false })
  }
  const last = ends.at(-1)
  if (last !== undefined && terminated !== null) last.exitCode = terminated.exitCode
}

function earliest(known: number | null, atUs: number): number {
  return known === null ? atUs : Math.min(known, atUs)
}

function numberIn(detail: string | null): number | null {
  const digits = /\d+/.exec(detail ?? '')
  return digits === null ? null : Number(digits[0])
}
