/** A StatefulSet's status from its pods. Pure. Terminating pods are still replicas, but of no revision. */
import type { Pod } from '../../../kube/types.ts'
import type { StatefulSet, StatefulSetStatus } from '../../workload-types.ts'
import { isAvailable, isReady, isTerminating } from '../pods.ts'
import { revisionOfPod } from './identity.ts'
import type { Revisions } from './revisions.ts'

export function isCreated(pod: Pod): boolean {
  return pod.status?.phase !== undefined
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isReady(pod)
}

export function statusOf(
  set: StatefulSet,
  { current, update, collisions }: Revisions,
  pods: readonly Pod[],
  nowUs: number,
): Required<StatefulSetStatus> {
  const ready = pods.filter(isRunningAndReady)
  const counted = pods.filter(pod => isCreated(pod) && !isTerminating(pod))
  const ofRevision = (name: string): number => counted.filter(pod => revisionOfPod(pod) === name).length
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.filter(isCreated).length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter(pod => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowUs)).length,
    currentReplicas: ofRevision(current.metadata.name),
    updatedReplicas: ofRevision(update.metadata.name),
    currentRevision: current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: collisions,
  }
}

/** When all pods are new and ready, the new revision becomes the current one. */
export function completed(
  { spec }: StatefulSet,
  status: Required<StatefulSetStatus>,
): Required<StatefulSetStatus> {
  const replicas = spec.replicas ?? 1
  const done =
    spec.updateStrategy?.type === 'RollingUpdate' &&
    status.updatedReplicas === replicas &&
    status.readyReplicas === replicas &&
    status.replicas === replicas
  return done
    ? { ...status, currentReplicas: status.updatedReplicas, currentRevision: status.updateRevision }
    : status
}

/** As it goes over the wire: a zero is left out, but for three counts. */
export function written(status: Required<StatefulSetStatus>): StatefulSetStatus {
  const always = new Set(['replicas', 'availableReplicas', 'collisionCount'])
  const entries = Object.entries(status).filter(([key, value]) => value !== 0 || always.has(key))
  return Object.fromEntries(entries) as unknown as StatefulSetStatus
}
