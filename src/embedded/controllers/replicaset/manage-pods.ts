/**
 * Brings the number of a ReplicaSet's active pods to spec.replicas (semantics §2): creates in batches that double, so
 * that a refusal costs few requests; deletes all surplus pods at once, in the deletion order.
 */
import type { Pod, ReplicaSet } from '../../../kube/types.ts'
import { ApiError } from '../../cluster-api.ts'
import type { ControllerContext } from '../controller.ts'
import { keyOf } from '../informer.ts'
import { controllerOf, controllerReference } from '../owners.ts'
import { isActive } from '../pods.ts'
import { deletionOrder } from './deletion-order.ts'
import type { Expectations } from './expectations.ts'
import type { ReplicaFailure } from './replica-set-status.ts'

const component = 'replicaset-controller'
const burst = 500

export interface Failed {
  failure: ReplicaFailure
  error: ApiError
}

/** Null when all went well. */
export function managePods(
  context: ControllerContext,
  expectations: Expectations,
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
): Failed | null {
  const missing = (replicaSet.spec.replicas ?? 1) - pods.length
  if (missing > 0) return createPods(context, expectations, replicaSet, Math.min(missing, burst))
  if (missing < 0) return deletePods(context, expectations, replicaSet, pods, Math.min(-missing, burst))
  return null
}

function createPods(
  { api, clock }: ControllerContext,
  expectations: Expectations,
  replicaSet: ReplicaSet,
  count: number,
): Failed | null {
  const key = keyOf(replicaSet)
  expectations.expectCreations(key, count, clock.nowUs())
  let created = 0
  for (let done = 0, batch = 1; done < count; done += batch, batch = Math.min(batch * 2, count - done)) {
    let refusal: ApiError | null = null
    for (let one = 0; one < batch; one++) {
      try {
        const { metadata } = api.create('pods', podOf(replicaSet))
        api.recordEvent(replicaSet, 'Normal', 'SuccessfulCreate', `Created pod: ${metadata.name}`, component)
        created++
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        refusal ??= error
        api.recordEvent(replicaSet, 'Warning', 'FailedCreate', `Error creating: ${error.message}`, component)
      }
    }
    if (refusal !== null) {
      expectations.creationSeen(key, count - created)
      return { failure: { reason: 'FailedCreate', message: refusal.message }, error: refusal }
    }
  }
  return null
}

function podOf(replicaSet: ReplicaSet): Pod {
  const { metadata, spec } = replicaSet
  const { labels, annotations, finalizers } = spec.template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${metadata.name}-`,
      namespace: metadata.namespace ?? '',
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(replicaSet)],
    },
    spec: spec.template.spec,
  }
}

function deletePods(
  context: ControllerContext,
  expectations: Expectations,
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  count: number,
): Failed | null {
  const { api, clock } = context
  const key = keyOf(replicaSet)
  const doomed = choosePods(context, replicaSet, pods, count)
  expectations.expectDeletions(
    key,
    doomed.map(({ metadata }) => metadata.uid ?? ''),
    clock.nowUs(),
  )
  let failed: Failed | null = null
  for (const { metadata } of doomed) {
    try {
      api.delete('pods', metadata.namespace ?? '', metadata.name)
      api.recordEvent(replicaSet, 'Normal', 'SuccessfulDelete', `Deleted pod: ${metadata.name}`, component)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      expectations.deletionSeen(key, metadata.uid ?? '')
      if (error.reason === 'NotFound') continue
      failed ??= { failure: { reason: 'FailedDelete', message: error.message }, error }
      api.recordEvent(replicaSet, 'Warning', 'FailedDelete', `Error deleting: ${error.message}`, component)
    }
  }
  return failed
}

/** When all are to go there is nothing to choose. */
function choosePods(
  { clock, informers }: ControllerContext,
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  count: number,
): Pod[] {
  if (count >= pods.length) return [...pods]
  const owner = controllerOf(replicaSet)
  const related = owner === null ? [replicaSet] : informers.replicaSetsOwnedBy(owner.uid)
  const perNode = new Map<string, number>()
  for (const pod of related.flatMap(({ metadata }) => informers.podsOwnedBy(metadata.uid ?? ''))) {
    const node = pod.spec.nodeName ?? ''
    if (isActive(pod)) perNode.set(node, (perNode.get(node) ?? 0) + 1)
  }
  const order = deletionOrder({ nowUs: clock.nowUs(), neighbours: node => perNode.get(node) ?? 0 })
  return [...pods].sort(order).slice(0, count)
}
