/**
 * The life of one pod as the witnesses of an embedded cluster tell it, in milliseconds from the start of the recording.
 * A life is data: a test changes the instant it cares about and leaves the others alone.
 */
import type { Transition } from '../model/transition.ts'

export interface PodEnding {
  /** T0 */
  terminatingMs: number
  graceMs: number
  preStopMs: { from: number; to: number } | null
  preStopFailure: string | null
  sigtermMs: number | null
  sigtermIgnored: boolean
  /** Null: the server tells only that it has closed it. */
  listenerClosingMs: number | null
  listenerClosedMs: number | null
  cutMs: number | null
  exitingMs: number | null
  sigkillMs: number | null
  exitedMs: number | null
  exitCode: number
  sandboxGoneMs: number | null
  /** When the vantage node's table ceased to list it; null = never. */
  unroutedMs: number | null
  /** The API's account of the container's end. */
  terminatedMs: number | null
  deletedMs: number | null
}

export interface PodLife {
  name: string
  node: string
  address: string
  addedMs: number
  startedMs: number
  listeningMs: number | null
  readyMs: number | null
  routedMs: number | null
  ending: PodEnding | null
}

export const ports = { pod: 8080 } as const

/** A pod that does everything right: preStop of a second, rules gone after a fifth of it, an orderly exit. */
export function cleanEnding(terminatingMs: number): PodEnding {
  const after = (ms: number): number => terminatingMs + ms
  return {
    terminatingMs,
    graceMs: 30_000,
    preStopMs: { from: after(30), to: after(1030) },
    preStopFailure: null,
    sigtermMs: after(1040),
    sigtermIgnored: false,
    listenerClosingMs: null,
    listenerClosedMs: after(1043),
    cutMs: null,
    exitingMs: after(1200),
    sigkillMs: null,
    exitedMs: after(1210),
    exitCode: 0,
    sandboxGoneMs: after(1400),
    unroutedMs: after(200),
    terminatedMs: after(1420),
    deletedMs: after(1600),
  }
}

/** Without preStop: SIGTERM at once, the listener closed long before the rules follow. */
export function hastyEnding(terminatingMs: number): PodEnding {
  const after = (ms: number): number => terminatingMs + ms
  return {
    ...cleanEnding(terminatingMs),
    preStopMs: null,
    sigtermMs: after(38),
    listenerClosedMs: after(41),
    exitingMs: after(60),
    exitedMs: after(70),
    sandboxGoneMs: after(280),
    unroutedMs: after(1013),
    terminatedMs: after(300),
    deletedMs: after(1100),
  }
}

/** Everything but the forwarding tables, which belong to no single pod. */
export function tellLife(life: PodLife, at: (ms: number) => number): Transition[] {
  const { name: pod, address, node, ending } = life
  const told: Transition[] = [
    {
      atUs: at(life.addedMs),
      kind: 'pod-added',
      pod,
      uid: `uid-${pod}`,
      owner: pod.replace(/-[^-]*$/, '-1'),
      node: null,
      address: null,
      ready: false,
    },
    { atUs: at(life.addedMs + 10), kind: 'pod-scheduled', pod, node },
    {
      atUs: at(life.startedMs),
      kind: 'container-step',
      pod,
      container: 'app',
      step: 'process-started',
      detail: null,
    },
    { atUs: at(life.startedMs + 20), kind: 'pod-addressed', pod, address },
  ]
  if (life.listeningMs !== null)
    told.push({ atUs: at(life.listeningMs), kind: 'app-step', pod, step: 'listening' })
  if (life.readyMs !== null) {
    told.push({ atUs: at(life.readyMs), kind: 'pod-ready', pod, ready: true })
    told.push({
      atUs: at(life.readyMs + 5),
      kind: 'endpoint-changed',
      ...slice(life),
      ...serving(true, false),
    })
  }
  return ending === null ? told : [...told, ...tellEnding(life, ending, at)]
}

function tellEnding(life: PodLife, ending: PodEnding, at: (ms: number) => number): Transition[] {
  const { name: pod } = life
  const { graceMs, exitCode } = ending
  const told: Transition[] = [
    { atUs: at(ending.terminatingMs), kind: 'pod-terminating', pod, graceMs },
    { atUs: at(ending.terminatingMs + 6), kind: 'endpoint-changed', ...slice(life), ...serving(false, true) },
  ]
  const container = (
    ms: number | null,
    step: Extract<Transition, { kind: 'container-step' }>['step'],
    detail: string | null = null,
  ): void => {
    if (ms !== null) told.push({ atUs: at(ms), kind: 'container-step', pod, container: 'app', step, detail })
  }
  const app = (ms: number | null, step: Extract<Transition, { kind: 'app-step' }>['step']): void => {
    if (ms !== null) told.push({ atUs: at(ms), kind: 'app-step', pod, step })
  }
  const { preStopMs, preStopFailure } = ending
  container(preStopMs?.from ?? null, 'pre-stop-started')
  container(
    preStopMs?.to ?? null,
    preStopFailure === null ? 'pre-stop-ended' : 'pre-stop-failed',
    preStopFailure,
  )
  container(ending.sigtermMs, ending.sigtermIgnored ? 'sigterm-ignored' : 'sigterm-sent')
  if (!ending.sigtermIgnored) app(ending.sigtermMs === null ? null : ending.sigtermMs + 1, 'sigterm')
  app(ending.listenerClosingMs, 'listener-closing')
  app(ending.listenerClosedMs, 'listener-closed')
  app(ending.cutMs, 'draining-cut')
  app(ending.exitingMs, 'exiting')
  container(ending.sigkillMs, 'sigkill-sent')
  container(ending.exitedMs, 'exited', `exit code ${exitCode}`)
  container(ending.sandboxGoneMs, 'sandbox-gone')
  if (ending.terminatedMs !== null) {
    const reason = exitCode === 0 ? 'Completed' : 'Error'
    const atUs = at(ending.terminatedMs)
    told.push({ atUs, kind: 'container-terminated', pod, container: 'app', exitCode, reason })
    told.push({ atUs: atUs + 15_000, kind: 'endpoint-removed', slice: 'web-1', pod, address: life.address })
  }
  if (ending.deletedMs !== null) told.push({ atUs: at(ending.deletedMs), kind: 'pod-deleted', pod })
  return told
}

/** The tables of one node: a new version at each instant that a pod comes or goes. */
export function tellTables(
  lives: readonly PodLife[],
  node: string,
  at: (ms: number) => number,
): Transition[] {
  const instants = lives.flatMap(({ routedMs, ending }) => [routedMs, ending?.unroutedMs ?? null])
  const known = [...new Set(instants.filter(ms => ms !== null))].sort((a, b) => a - b)
  return known.map((ms, index) => ({
    atUs: at(ms),
    kind: 'forwarding-changed',
    node,
    version: index + 1,
    endpoints: routedAt(lives, ms).map(life => ({ address: life.address, port: ports.pod, pod: life.name })),
    fallback: false,
  }))
}

export function routedAt(lives: readonly PodLife[], ms: number): PodLife[] {
  return lives.filter(
    ({ routedMs, ending }) =>
      routedMs !== null && routedMs <= ms && ms < (ending?.unroutedMs ?? Number.MAX_VALUE),
  )
}

function slice({ name, address }: PodLife): { slice: string; pod: string; address: string } {
  return { slice: 'web-1', pod: name, address }
}

function serving(
  ready: boolean,
  terminating: boolean,
): { ready: boolean; serving: boolean; terminating: boolean } {
  return { ready, serving: true, terminating }
}
