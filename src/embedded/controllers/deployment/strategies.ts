/** The ways in which a sync may move a Deployment: rolling update, recreation, and plain scaling (semantics §1.4, §1.5, §1.9). */
import type { ReplicaSet } from '../../../kube/types.ts'
import { instantUs } from '../instant.ts'
import { desiredReplicasOf, maxReplicasOf } from './annotations.ts'
import { countedStatus, deadlineCheckMs, isComplete, rolloutStatus } from './deployment-status.ts'
import { surplusRevisions } from './history.ts'
import { syncNewReplicaSet } from './new-replica-set.ts'
import { proportionalSizes } from './proportions.ts'
import { activeOnes, activeOrLatest, oldestFirst, sizeOf, specReplicas, totalStatus } from './replica-sets.ts'
import { rollingStep } from './rolling.ts'
import type { Rollout } from './rollout.ts'

/** Each returns when to look again for a missed progress deadline. */
export function rollingUpdate(rollout: Rollout): number | null {
  const young = syncNewReplicaSet(rollout, true)
  if (young === null) return syncRolloutStatus(rollout)
  const olds = oldestFirst(activeOnes(rollout.olds)).map(sizeOf)
  const step = rollingStep(rollout.fenceposts, sizeOf(young), olds)
  if (step.kind === 'scale-new') rollout.resize(young, step.replicas)
  else if (step.kind === 'cut-old') {
    for (const { name, replicas } of step.cuts) resizeByName(rollout, name, replicas)
  } else cleanUpWhenComplete(rollout)
  return syncRolloutStatus(rollout)
}

/** `oldPodsLeft`: some pod of an old ReplicaSet is there and not terminal; terminating pods do count here. */
export function recreate(rollout: Rollout, oldPodsLeft: (olds: ReplicaSet[]) => boolean): number | null {
  syncNewReplicaSet(rollout, false)
  const active = activeOnes(rollout.olds)
  for (const old of active) rollout.resize(old, 0)
  if (active.length > 0) return syncRolloutStatus(rollout)
  if (totalStatus(rollout.olds, 'replicas') > 0 || oldPodsLeft(rollout.olds))
    return syncRolloutStatus(rollout)
  const young = syncNewReplicaSet(rollout, true)
  const { replicas } = rollout.fenceposts
  if (young !== null && specReplicas(young) !== replicas) rollout.resize(young, replicas)
  else cleanUpWhenComplete(rollout)
  return syncRolloutStatus(rollout)
}

/** Sizes follow spec.replicas, but no template rolls: a paused Deployment, or one that was just scaled. */
export function scaleOnly(rollout: Rollout): null {
  syncNewReplicaSet(rollout, false)
  scale(rollout)
  if (rollout.deployment.spec.paused === true) cleanUp(rollout)
  return syncCountsOnly(rollout)
}

export function syncCountsOnly(rollout: Rollout): null {
  const { deployment, young, olds, nowUs } = rollout
  rollout.writeStatus(countedStatus({ deployment, young, olds, nowUs }))
  return null
}

/** An active ReplicaSet that was sized for another spec.replicas tells that the Deployment was scaled. */
export function wasScaled(rollout: Rollout): boolean {
  const { replicas } = rollout.fenceposts
  return activeOnes(rollout.all).some(replicaSet => {
    const desired = desiredReplicasOf(replicaSet)
    return desired !== null && desired !== replicas
  })
}

function scale(rollout: Rollout): void {
  const { deployment, fenceposts, young, olds } = rollout
  const only = activeOrLatest(young, olds)
  if (only !== null) {
    if (specReplicas(only) !== fenceposts.replicas) rollout.resize(only, fenceposts.replicas)
    return
  }
  if (young !== null && isSaturated(young, fenceposts.replicas)) {
    for (const old of activeOnes(olds)) rollout.resize(old, 0)
    return
  }
  if (deployment.spec.strategy?.type === 'Recreate') return
  const sizes = activeOnes(rollout.all).map(replicaSet => ({
    name: replicaSet.metadata.name,
    spec: specReplicas(replicaSet),
    createdUs: instantUs(replicaSet.metadata.creationTimestamp),
    maxBefore: maxReplicasOf(replicaSet),
  }))
  for (const { name, replicas } of proportionalSizes(fenceposts, sizes, deployment.status?.replicas ?? 0)) {
    resizeByName(rollout, name, replicas)
  }
}

function isSaturated(young: ReplicaSet, replicas: number): boolean {
  return (
    specReplicas(young) === replicas &&
    desiredReplicasOf(young) === replicas &&
    young.status?.availableReplicas === replicas
  )
}

function resizeByName(rollout: Rollout, name: string, replicas: number): void {
  const replicaSet = rollout.replicaSet(name)
  if (replicaSet !== null) rollout.resize(replicaSet, replicas)
}

function cleanUpWhenComplete(rollout: Rollout): void {
  const { deployment } = rollout
  if (isComplete(deployment, deployment.status ?? {})) cleanUp(rollout)
}

function cleanUp(rollout: Rollout): void {
  const limit = rollout.deployment.spec.revisionHistoryLimit
  if (limit === undefined) return
  for (const replicaSet of surplusRevisions(rollout.olds, limit)) rollout.remove(replicaSet)
}

function syncRolloutStatus(rollout: Rollout): number | null {
  const { deployment, young, olds, nowUs } = rollout
  const status = rolloutStatus({ deployment, young, olds, nowUs })
  // A write wakes the controller again, and that sync arms the check.
  return rollout.writeStatus(status) ? null : deadlineCheckMs(deployment, status, nowUs)
}
