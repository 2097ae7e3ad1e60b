/**
 * Where new connections could go: the vantage node's forwarding table over time, and what the EndpointSlices said, for
 * clusters whose tables nobody can read.
 */
import type { ForwardingEndpoint } from '../model/forwarding.ts'
import type { Transition } from '../model/transition.ts'

export interface TableVersion {
  atUs: number
  node: string
  endpoints: ForwardingEndpoint[]
}

export interface Routing {
  /** Of the vantage node, in order of time; empty when nobody could read them. */
  tables: TableVersion[]
  /** How many endpoints were ready, by the slices, and how many usable: ready ones, or serving ones while none is ready. */
  usable: { atUs: number; count: number; ready: number }[]
}

/** `transitions` in order of time. */
export function collectRouting(transitions: readonly Transition[], vantage: string): Routing {
  const tables: TableVersion[] = []
  const usable: Routing['usable'] = []
  const endpoints = new Map<string, 'ready' | 'serving' | 'neither'>()
  for (const transition of transitions) {
    const { atUs } = transition
    if (transition.kind === 'forwarding-changed' && transition.node === vantage) {
      tables.push({ atUs, node: transition.node, endpoints: transition.endpoints })
    } else if (transition.kind === 'endpoint-changed') {
      const { pod, ready, serving, terminating } = transition
      endpoints.set(pod, ready ? 'ready' : serving && terminating ? 'serving' : 'neither')
      usable.push({ atUs, ...countUsable(endpoints) })
    } else if (transition.kind === 'endpoint-removed') {
      endpoints.delete(transition.pod)
      usable.push({ atUs, ...countUsable(endpoints) })
    }
  }
  return { tables, usable }
}

/** The last entry at or before an instant. */
export function inForceAt<T extends { atUs: number }>(versions: readonly T[], atUs: number): T | null {
  let found: T | null = null
  for (const version of versions) {
    if (version.atUs > atUs) break
    found = version
  }
  return found
}

/** By the table where one is known, else by the EndpointSlices. */
export function hadNoEndpoint({ tables, usable }: Routing, atUs: number): boolean {
  return tables.length > 0
    ? inForceAt(tables, atUs)?.endpoints.length === 0
    : inForceAt(usable, atUs)?.count === 0
}

export function listsPod(table: TableVersion | null, pod: string): boolean {
  return table?.endpoints.some(endpoint => endpoint.pod === pod) ?? false
}

/** When the table ceased to list the pod for good; null when it never did, or still does. */
export function unroutedUs(routing: Routing, pod: string): number | null {
  let listed = false
  let sinceUs: number | null = null
  for (const table of routing.tables) {
    const lists = listsPod(table, pod)
    if (listed && !lists) sinceUs = table.atUs
    if (lists) sinceUs = null
    listed = lists
  }
  return sinceUs
}

/** When the table first listed the pod. */
export function routedUs(routing: Routing, pod: string): number | null {
  return routing.tables.find(table => listsPod(table, pod))?.atUs ?? null
}

function countUsable(endpoints: ReadonlyMap<string, 'ready' | 'serving' | 'neither'>): {
  count: number
  ready: number
} {
  const states = [...endpoints.values()]
  const ready = states.filter(state => state === 'ready').length
  return { count: ready > 0 ? ready : states.filter(state => state === 'serving').length, ready }
}
