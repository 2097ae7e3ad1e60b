/** Which of a Deployment's ReplicaSets is the new one, which are old, and what they add up to (semantics §1.4). */
import type { Deployment, ReplicaSet } from '../../../kube/types.ts'
import { instantUs } from '../instant.ts'
import type { Size } from './rolling.ts'
import { templateFingerprint } from './template-hash.ts'

export function specReplicas(replicaSet: ReplicaSet): number {
  return replicaSet.spec.replicas ?? 1
}

export function oldestFirst(replicaSets: readonly ReplicaSet[]): ReplicaSet[] {
  return [...replicaSets].sort(
    (one, other) =>
      instantUs(one.metadata.creationTimestamp) - instantUs(other.metadata.creationTimestamp) ||
      (one.metadata.name < other.metadata.name ? -1 : 1),
  )
}

/** The oldest one whose template is the Deployment's. */
export function findNew(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | null {
  const wanted = templateFingerprint(deployment.spec.template)
  return oldestFirst(replicaSets).find(({ spec }) => templateFingerprint(spec.template) === wanted) ?? null
}

export function activeOnes(replicaSets: readonly ReplicaSet[]): ReplicaSet[] {
  return replicaSets.filter(replicaSet => specReplicas(replicaSet) > 0)
}

export function totalSpec(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((total, replicaSet) => total + specReplicas(replicaSet), 0)
}

export function totalStatus(
  replicaSets: readonly ReplicaSet[],
  what: 'replicas' | 'readyReplicas' | 'availableReplicas',
): number {
  return replicaSets.reduce((total, { status }) => total + (status?.[what] ?? 0), 0)
}

export function sizeOf(replicaSet: ReplicaSet): Size {
  return {
    name: replicaSet.metadata.name,
    spec: specReplicas(replicaSet),
    available: replicaSet.status?.availableReplicas ?? 0,
  }
}

/** The one to scale when no rollout is under way; null while several are active. */
export function activeOrLatest(young: ReplicaSet | null, olds: readonly ReplicaSet[]): ReplicaSet | null {
  const active = activeOnes(young === null ? olds : [...olds, young])
  if (active.length > 1) return null
  return active[0] ?? young ?? oldestFirst(olds).at(-1) ?? null
}
