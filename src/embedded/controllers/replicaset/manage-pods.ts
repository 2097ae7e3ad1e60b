/**
 * Brings the number of a ReplicaSet's active pods to spec.replicas (semantics §2); what is surplus goes in the deletion
 * order.
 */
import type { Pod, ReplicaSet } from '../../../kube/types.ts'
import type { ControllerContext } from '../controller.ts'
import { keyOf } from '../informer.ts'
import { controllerOf } from '../owners.ts'
import type { Failed } from '../pod-control.ts'
import { createPods, deletePods } from '../pod-control.ts'
import { podFromTemplate } from '../pod-from-template.ts'
import { isActive } from '../pods.ts'
import { deletionOrder } from './deletion-order.ts'
import type { Expectations } from './expectations.ts'

const component = 'replicaset-controller'
const burst = 500

/** Null when all went well. */
export function managePods(
  context: ControllerContext,
  expectations: Expectations,
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
): Failed | null {
  const { api, clock } = context
  const control = { api, owner: replicaSet, component, expectations }
  const [key, nowUs] = [keyOf(replicaSet), clock.nowUs()]
  const missing = (replicaSet.spec.replicas ?? 1) - pods.length
  if (missing > 0) {
    const count = Math.min(missing, burst)
    expectations.expect(key, count, [], nowUs)
    return createPods(
      control,
      Array.from({ length: count }, () => podFromTemplate(replicaSet, replicaSet.spec.template)),
    )
  }
  if (missing === 0) return null
  const doomed = choosePods(context, replicaSet, pods, Math.min(-missing, burst))
  expectations.expect(key, 0, doomed, nowUs)
  return deletePods(control, doomed)
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
