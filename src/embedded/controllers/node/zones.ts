/**
 * How fast the nodes of a zone may be tainted NoExecute (semantics §9): one in ten seconds, none while most of a small
 * zone is silent, and none at all when everything is, since then it is the control plane that is cut off. Pure but for
 * the tokens that it keeps.
 */
import type { Node } from '../../../kube/types.ts'
import { findCondition } from '../conditions.ts'

type ZoneState = 'normal' | 'partial' | 'full'

/** A large zone still goes on, at a tenth of the rate. */
const largeZone = 50
const unhealthyShare = 0.55

export function zoneOf({ metadata }: Node): string {
  const { labels = {} } = metadata
  return `${labels['topology.kubernetes.io/region'] ?? ''}:${labels['topology.kubernetes.io/zone'] ?? ''}`
}

function isReady(node: Node): boolean {
  return findCondition(node.status?.conditions, 'Ready')?.status === 'True'
}

function stateOf(nodes: readonly Node[]): ZoneState {
  const silent = nodes.filter(node => !isReady(node)).length
  if (silent === nodes.length && silent > 0) return 'full'
  return silent > 2 && silent / nodes.length >= unhealthyShare ? 'partial' : 'normal'
}

export class Zones {
  readonly #perSecond: number
  readonly #rates = new Map<string, number>()
  readonly #nextUs = new Map<string, number>()
  #allSilent = false

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** `stopped`: everything is silent as of now. `resumed`: it no longer is. */
  judge(nodes: readonly Node[]): 'stopped' | 'resumed' | 'unchanged' {
    // A node whose Ready condition nobody ever wrote tells nothing about its zone.
    const told = nodes.filter(({ status }) => findCondition(status?.conditions, 'Ready') !== null)
    const zones = new Map<string, Node[]>()
    for (const node of told) zones.set(zoneOf(node), [...(zones.get(zoneOf(node)) ?? []), node])
    const states = [...zones].map(([zone, members]) => ({ zone, members, state: stateOf(members) }))
    const allSilent = states.length > 0 && states.every(({ state }) => state === 'full')
    for (const { zone, members, state } of states)
      this.#rates.set(zone, allSilent ? 0 : this.#rateOf(state, members.length))
    const before = this.#allSilent
    this.#allSilent = allSilent
    if (before === allSilent) return 'unchanged'
    return allSilent ? 'stopped' : 'resumed'
  }

  /** 0: now, and the token is taken. Null: not while the zone is as it is. */
  waitMs(zone: string, nowUs: number): number | null {
    const rate = this.#rates.get(zone) ?? this.#perSecond
    if (rate === 0) return null
    const nextUs = this.#nextUs.get(zone) ?? nowUs
    if (nextUs > nowUs) return (nextUs - nowUs) / 1000
    this.#nextUs.set(zone, nowUs + 1_000_000 / rate)
    return 0
  }

  #rateOf(state: ZoneState, size: number): number {
    if (state !== 'partial') return this.#perSecond
    return size > largeZone ? this.#perSecond / 10 : 0
  }
}
