/** Which old ReplicaSets are beyond revisionHistoryLimit (semantics §1.4, step 4). */
import type { ReplicaSet } from '../../../kube/types.ts'
import { revisionOf } from './annotations.ts'
import { specReplicas } from './replica-sets.ts'

export function surplusRevisions(olds: readonly ReplicaSet[], limit: number): ReplicaSet[] {
  const alive = olds.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const surplus = alive.length - limit
  if (surplus <= 0) return []
  return alive
    .sort((one, other) => revisionOf(one) - revisionOf(other))
    .slice(0, surplus)
    .filter(isDone)
}

function isDone(replicaSet: ReplicaSet): boolean {
  const { metadata, status } = replicaSet
  return (
    (status?.replicas ?? 0) === 0 &&
    specReplicas(replicaSet) === 0 &&
    (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0)
  )
}
