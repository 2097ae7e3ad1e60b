/**
 * When a node was last heard of (semantics §9): each change of its Ready condition's heartbeat, or of its lease, counts
 * from the moment it is seen, so that no clock of a node matters. A node that has never been heard of stays as it is:
 * nobody has promised to renew anything for it.
 */
import type { Condition, Node } from '../../../kube/types.ts'
import type { Lease } from '../../workload-types.ts'
import { findCondition } from '../conditions.ts'
import { timestamp } from '../instant.ts'

interface Heard {
  heartbeat: string | undefined
  renewed: string | undefined
  lastUs: number | null
}

export class NodeHealth {
  readonly #heard = new Map<string, Heard>()

  /** Takes note; true when the node has been silent for longer than the grace period. */
  isSilent(node: Node, lease: Lease | null, nowUs: number, graceMs: number): boolean {
    const { name } = node.metadata
    const heartbeat = findCondition(node.status?.conditions, 'Ready')?.lastHeartbeatTime
    const renewed = lease?.spec?.renewTime
    const before = this.#heard.get(name)
    const isNews =
      (before !== undefined && before.heartbeat !== heartbeat) ||
      (renewed !== undefined && before?.renewed !== renewed)
    const lastUs = isNews ? nowUs : (before?.lastUs ?? null)
    this.#heard.set(name, { heartbeat, renewed, lastUs })
    return lastUs !== null && nowUs > lastUs + graceMs * 1000
  }

  /** All nodes count as heard of just now: after all were silent, the fault was here. */
  restart(nowUs: number): void {
    for (const heard of this.#heard.values()) if (heard.lastUs !== null) heard.lastUs = nowUs
  }

  forget(name: string): void {
    this.#heard.delete(name)
  }
}

const judged = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** The node's conditions when nothing is heard of it any more; null when they say so already. */
export function silentConditions(node: Node, nowUs: number): Condition[] | null {
  const before = node.status?.conditions ?? []
  const now = timestamp(nowUs)
  const known = before.map(condition =>
    !judged.includes(condition.type) || condition.status === 'Unknown'
      ? condition
      : {
          ...condition,
          status: 'Unknown' as const,
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: now,
        },
  )
  const missing = judged
    .filter(type => findCondition(before, type) === null)
    .map(type => ({
      type,
      status: 'Unknown' as const,
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      lastHeartbeatTime: node.metadata.creationTimestamp ?? now,
      lastTransitionTime: now,
    }))
  const changed = missing.length > 0 || known.some((condition, at) => condition !== before[at])
  return changed ? [...known, ...missing] : null
}
