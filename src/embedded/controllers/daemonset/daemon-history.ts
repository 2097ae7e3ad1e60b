/** A DaemonSet's revisions: the one of its present template, and the older ones (semantics §1.8). */
import type { Pod } from '../../../kube/types.ts'
import type { ControllerRevision, DaemonSet } from '../../workload-types.ts'
import type { ClusterApi } from '../../cluster-api.ts'
import { templateHash } from '../deployment/template-hash.ts'
import {
  createRevision,
  matchesTemplate,
  removeSurplus,
  sortedRevisions,
} from '../history/controller-revisions.ts'
import { SyncPostponed } from '../work-queue.ts'
import { hashLabel } from './daemon-pods.ts'

export interface History {
  hash: string
  old: ControllerRevision[]
}

export function historyOf(api: ClusterApi, set: DaemonSet, known: readonly ControllerRevision[]): History {
  const present = sortedRevisions(known.filter(revision => matchesTemplate(set, revision))).at(-1)
  const old = known.filter(revision => !matchesTemplate(set, revision))
  const number = Math.max(0, ...old.map(({ revision }) => revision)) + 1
  const current = present ?? createCurrent(api, set, number)
  if (current.revision < number) api.update('controllerrevisions', { ...current, revision: number })
  return { hash: hashOf(current), old }
}

function hashOf({ metadata }: ControllerRevision): string {
  return metadata.labels?.[hashLabel] ?? ''
}

/** A collision is counted in the status, and the next sync tries another hash. */
function createCurrent(api: ClusterApi, set: DaemonSet, revision: number): ControllerRevision {
  const collisions = set.status?.collisionCount ?? 0
  const hash = (count: number): string => templateHash(set.spec.template, count)
  const creation = createRevision(api, set, { labelKey: hashLabel, revision, hash }, collisions)
  if ('created' in creation) return creation.created
  if (set.status !== undefined)
    api.updateStatus('daemonsets', { ...set, status: { ...set.status, collisionCount: collisions + 1 } })
  throw new SyncPostponed(`the hash of ${set.metadata.name} collides`)
}

export function cleanUp(api: ClusterApi, set: DaemonSet, { old }: History, pods: readonly Pod[]): void {
  const live = new Set(pods.map(({ metadata }) => metadata.labels?.[hashLabel]))
  const surplus = old.length - (set.spec.revisionHistoryLimit ?? 10)
  if (surplus <= 0) return
  const idle = old.filter(revision => !live.has(hashOf(revision)))
  removeSurplus(api, idle, () => false, idle.length - Math.min(idle.length, surplus))
}
