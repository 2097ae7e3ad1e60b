/**
 * How a node says that it lives (semantics §9): it renews its Lease in kube-node-lease, and it posts its conditions,
 * the latter only when they differ from what the API holds, or have not been posted for long.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Condition, Lease, Node } from '../../kube/types.ts'
import { ApiError, type ClusterApi } from '../cluster-api.ts'
import type { Settings } from '../settings.ts'
import { nodeConditions } from './node-conditions.ts'
import { instant } from './pod-status.ts'

const leaseNamespace = 'kube-node-lease'
/** client-go's wait.JitterUntil, as the kubelet calls it for its lease. */
const leaseJitter = 0.04

export interface HeartbeatParts {
  api: ClusterApi
  clock: Clock
  random: Random
  settings: Settings
  node: string
  /** Why the node is not ready; null = it is. */
  notReady: () => string | null
}

export class Heartbeat {
  readonly #parts: HeartbeatParts
  #leaseTimer: Timer | null = null
  #statusTimer: Timer | null = null
  #reportedUs = -Infinity

  constructor(parts: HeartbeatParts) {
    this.#parts = parts
  }

  start(): void {
    this.#renewRepeatedly()
    this.#postRepeatedly()
  }

  stop(): void {
    this.#leaseTimer?.cancel()
    this.#statusTimer?.cancel()
  }

  /** What changed is posted at once, not with the next turn. */
  post(): void {
    const { api, clock, settings } = this.#parts
    const node = api.get<Node>('nodes', '', this.#parts.node)
    if (node === null) return
    const before = node.status?.conditions ?? []
    const now = instant(clock.nowUs())
    const conditions = mergeConditions(before, nodeConditions(this.#parts.notReady(), now), now)
    const dueUs = this.#reportedUs + settings.nodeStatusReportMs * 1000
    if (sameBesidesTimes(before, conditions) && clock.nowUs() < dueUs) return
    this.#reportedUs = clock.nowUs()
    this.#announceReadiness(node, before, conditions)
    unlessGone(() => api.updateStatus<Node>('nodes', { ...node, status: { ...node.status, conditions } }))
  }

  #renewRepeatedly(): void {
    const { clock, random, settings } = this.#parts
    this.#renew()
    const delayMs = settings.leaseRenewMs * random.between(1, 1 + leaseJitter)
    this.#leaseTimer = clock.after(delayMs, () => this.#renewRepeatedly())
  }

  #postRepeatedly(): void {
    const { clock, settings } = this.#parts
    this.post()
    this.#statusTimer = clock.after(settings.nodeStatusUpdateMs, () => this.#postRepeatedly())
  }

  #renew(): void {
    const { api, clock, settings, node: name } = this.#parts
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: settings.leaseDurationMs / 1000,
      renewTime: microTime(clock.nowUs()),
    }
    const lease = api.get<Lease>('leases', leaseNamespace, name)
    if (lease !== null)
      return unlessGone(() => api.update('leases', { ...lease, spec: { ...lease.spec, ...spec } }))
    const uid = api.get<Node>('nodes', '', name)?.metadata.uid
    if (uid === undefined) return
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }]
    unlessGone(() =>
      api.create<Lease>('leases', {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace: leaseNamespace, ownerReferences },
        spec,
      }),
    )
  }

  #announceReadiness(node: Node, before: readonly Condition[], after: readonly Condition[]): void {
    const ready = (all: readonly Condition[]): string | undefined =>
      all.find(({ type }) => type === 'Ready')?.status
    if (ready(before) === ready(after)) return
    const reason = ready(after) === 'True' ? 'NodeReady' : 'NodeNotReady'
    const message = `Node ${node.metadata.name} status is now: ${reason}`
    this.#parts.api.recordEvent(node, 'Normal', reason, message, 'kubelet')
  }
}

/** Conditions of others stay; a transition time moves with the status only. */
function mergeConditions(before: readonly Condition[], own: readonly Condition[], now: string): Condition[] {
  const merged = before.map(earlier => {
    const renewed = own.find(({ type }) => type === earlier.type)
    if (renewed === undefined) return earlier
    const kept = renewed.status === earlier.status ? earlier.lastTransitionTime : undefined
    return { ...renewed, lastTransitionTime: kept ?? now }
  })
  const added = own.filter(({ type }) => !before.some(earlier => earlier.type === type))
  return [...merged, ...added]
}

function sameBesidesTimes(before: readonly Condition[], after: readonly Condition[]): boolean {
  const content = (all: readonly Condition[]): string =>
    JSON.stringify(all.map(({ type, status, reason, message }) => [type, status, reason, message]))
  return content(before) === content(after)
}

/** A write that lost a race, or whose object is gone, is made up for with the next heartbeat. */
function unlessGone(write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
  }
}

function microTime(atUs: number): string {
  const micros = String(Math.floor(atUs % 1_000_000)).padStart(6, '0')
  return instant(atUs).replace('Z', `.${micros}Z`)
}
