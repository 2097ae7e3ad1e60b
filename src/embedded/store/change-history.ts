/**
 * The last changes of the store, so that a watch can start from an old resourceVersion. Bounded: what fell out is
 * answered with 410 Expired, as after a compaction, and the client lists anew (semantics §10.2).
 */
import type { KubeObject } from '../../kube/types.ts'
import type { ResourceName, WatchType } from '../cluster-api.ts'

export interface Change {
  readonly type: WatchType
  readonly resource: ResourceName
  /** For DELETED the last state, stamped with the resourceVersion of the deletion. Frozen. */
  readonly object: KubeObject
  readonly previous: KubeObject | null
  readonly revision: number
}

export interface ChangeHistory {
  record(change: Change): void
  /** Changes of a resource strictly after `revision`, oldest first; null when some of them are forgotten. */
  since(resource: ResourceName, revision: number): Change[] | null
  /** Every change after this revision is still known. */
  oldestRevision(): number
}

export function createChangeHistory(limit: number): ChangeHistory {
  let changes: Change[] = []
  let oldest = 0

  const compact = (): void => {
    const dropped = changes[changes.length - limit - 1]
    if (dropped !== undefined) oldest = dropped.revision
    changes = changes.slice(-limit)
  }

  return {
    record(change) {
      changes.push(change)
      // Compacting in steps keeps the cost per change constant.
      if (changes.length >= limit + Math.max(1, Math.floor(limit / 10))) compact()
    },
    since(resource, revision) {
      if (revision < oldest) return null
      const found: Change[] = []
      for (let index = changes.length - 1; index >= 0; index--) {
        const change = changes[index]
        if (change === undefined || change.revision <= revision) break
        if (change.resource === resource) found.push(change)
      }
      return found.reverse()
    },
    oldestRevision: () => oldest,
  }
}
