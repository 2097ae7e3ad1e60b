/** A ReplicaSet's status from its active pods (semantics §2). Pure. */
import type { Condition, Pod, ReplicaSet } from '../../../kube/types.ts'
import { withCondition, withoutCondition } from '../conditions.ts'
import { instantUs, timestamp } from '../instant.ts'
import { isAvailable, isReady, readyCondition } from '../pods.ts'
import { matchesLabels } from '../../selector.ts'

export interface ReplicaFailure {
  reason: 'FailedCreate' | 'FailedDelete'
  message: string
}

type Status = NonNullable<ReplicaSet['status']>

export function replicaSetStatus(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  failure: ReplicaFailure | null,
  nowUs: number,
): Status {
  const { metadata, spec, status } = replicaSet
  const labels = spec.template.metadata?.labels ?? {}
  const conditions = failureCondition(status?.conditions, failure, nowUs)
  return {
    replicas: pods.length,
    fullyLabeledReplicas: pods.filter(pod => matchesLabels(labels, pod.metadata.labels)).length,
    readyReplicas: pods.filter(isReady).length,
    availableReplicas: pods.filter(pod => isAvailable(pod, spec.minReadySeconds ?? 0, nowUs)).length,
    observedGeneration: metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  }
}

function failureCondition(
  conditions: Condition[] | undefined,
  failure: ReplicaFailure | null,
  nowUs: number,
): Condition[] {
  if (failure === null) return withoutCondition(conditions, 'ReplicaFailure')
  return withCondition(conditions, {
    type: 'ReplicaFailure',
    status: 'True',
    ...failure,
    lastTransitionTime: timestamp(nowUs),
  })
}

/**
 * When the next pod may have been ready for minReadySeconds, or null. Timestamps have a resolution of one second, so
 * the check comes one second after the sum: availability appears m to m+1 s after Ready.
 */
export function nextAvailabilityMs(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  nowUs: number,
): number | null {
  const minReadySeconds = replicaSet.spec.minReadySeconds ?? 0
  if (minReadySeconds === 0) return null
  const waiting = pods.filter(pod => isReady(pod) && !isAvailable(pod, minReadySeconds, nowUs))
  if (waiting.length === 0) return null
  const checksUs = waiting.map(
    pod => instantUs(readyCondition(pod)?.lastTransitionTime) + (minReadySeconds + 1) * 1_000_000,
  )
  return Math.max(1, (Math.min(...checksUs) - nowUs) / 1000)
}
