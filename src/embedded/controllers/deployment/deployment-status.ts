/** A Deployment's status and its Progressing condition, from its ReplicaSets' (semantics §1.6). Pure. */
import type { Condition, Deployment, DeploymentStatus, ReplicaSet } from '../../../kube/types.ts'
import { findCondition, withCondition, withoutCondition } from '../conditions.ts'
import { instantUs, timestamp } from '../instant.ts'
import { fencepostsOf } from './fenceposts.ts'
import { totalSpec, totalStatus } from './replica-sets.ts'

const noDeadline = 2 ** 31 - 1

export interface RolloutView {
  deployment: Deployment
  young: ReplicaSet | null
  olds: readonly ReplicaSet[]
  nowUs: number
}

export function hasDeadline({ spec }: Deployment): boolean {
  return spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== noDeadline
}

/** Counts and the Available condition; the other conditions are kept. */
export function countedStatus({ deployment, young, olds, nowUs }: RolloutView): DeploymentStatus {
  const all = young === null ? olds : [...olds, young]
  const available = totalStatus(all, 'availableReplicas')
  const { replicas, unavailable } = fencepostsOf(deployment.spec)
  const { collisionCount, conditions } = deployment.status ?? {}
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: totalStatus(all, 'replicas'),
    updatedReplicas: young?.status?.replicas ?? 0,
    readyReplicas: totalStatus(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, totalSpec(all) - available),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(conditions, availableCondition(available >= replicas - unavailable, nowUs)),
  }
}

function availableCondition(enough: boolean, nowUs: number): Condition {
  return enough
    ? condition(
        'Available',
        'True',
        'MinimumReplicasAvailable',
        'Deployment has minimum availability.',
        nowUs,
      )
    : condition(
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        nowUs,
      )
}

export function condition(
  type: string,
  status: Condition['status'],
  reason: string,
  message: string,
  nowUs: number,
): Condition {
  const at = timestamp(nowUs)
  return { type, status, reason, message, lastUpdateTime: at, lastTransitionTime: at }
}

export function isComplete({ spec, metadata }: Deployment, status: DeploymentStatus): boolean {
  const replicas = spec.replicas ?? 1
  return (
    status.updatedReplicas === replicas &&
    status.replicas === replicas &&
    status.availableReplicas === replicas &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  )
}

/** The status that a rollout's sync writes: counts, Progressing, and ReplicaFailure copied from the ReplicaSets. */
export function rolloutStatus(view: RolloutView): DeploymentStatus {
  const { deployment, young, olds } = view
  const status = countedStatus(view)
  const progressed = hasDeadline(deployment)
    ? withProgress(view, status)
    : withoutCondition(status.conditions, 'Progressing')
  const failure = [...(young === null ? [] : [young]), ...olds]
    .map(({ status: of }) => findCondition(of?.conditions, 'ReplicaFailure'))
    .find(found => found !== null)
  const conditions =
    failure === undefined
      ? withoutCondition(progressed, 'ReplicaFailure')
      : withCondition(progressed, failure)
  return { ...status, conditions }
}

function withProgress(view: RolloutView, status: DeploymentStatus): Condition[] {
  const { deployment, young, nowUs } = view
  const { conditions } = status
  const current = findCondition(deployment.status?.conditions, 'Progressing')
  const subject =
    young === null ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${young.metadata.name}"`
  const settled = status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable'
  if (settled) return conditions ?? []
  if (isComplete(deployment, status)) {
    const text = `${subject} has successfully progressed.`
    return withCondition(conditions, condition('Progressing', 'True', 'NewReplicaSetAvailable', text, nowUs))
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const fresh = condition('Progressing', 'True', 'ReplicaSetUpdated', `${subject} is progressing.`, nowUs)
    // Replaced, not merged: its lastUpdateTime is what the deadline is measured from.
    const since = current?.status === 'True' ? current.lastTransitionTime : undefined
    return withCondition(
      withoutCondition(conditions, 'Progressing'),
      since === undefined ? fresh : { ...fresh, lastTransitionTime: since },
    )
  }
  if (hasTimedOut(deployment, current, nowUs)) {
    const text = `${subject} has timed out progressing.`
    return withCondition(
      conditions,
      condition('Progressing', 'False', 'ProgressDeadlineExceeded', text, nowUs),
    )
  }
  return conditions ?? []
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  const grew = (key: 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'): boolean =>
    (after[key] ?? 0) > (before[key] ?? 0)
  return (
    grew('updatedReplicas') || old(after) < old(before) || grew('readyReplicas') || grew('availableReplicas')
  )
}

function hasTimedOut(deployment: Deployment, current: Condition | null, nowUs: number): boolean {
  if (current === null || current.reason === 'NewReplicaSetAvailable') return false
  return current.reason === 'ProgressDeadlineExceeded' || deadlineUs(deployment, current) < nowUs
}

function deadlineUs({ spec }: Deployment, progressing: Condition): number {
  return instantUs(progressing.lastUpdateTime) + (spec.progressDeadlineSeconds ?? 0) * 1_000_000
}

/** When to look again for a missed deadline, should nothing happen until then; null when it cannot be missed. */
export function deadlineCheckMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowUs: number,
): number | null {
  const current = findCondition(deployment.status?.conditions, 'Progressing')
  if (!hasDeadline(deployment) || current === null) return null
  if (isComplete(deployment, status) || current.reason === 'ProgressDeadlineExceeded') return null
  if (current.reason === 'NewReplicaSetAvailable') return null
  return Math.max(0, (deadlineUs(deployment, current) - nowUs) / 1000) + 1000
}
