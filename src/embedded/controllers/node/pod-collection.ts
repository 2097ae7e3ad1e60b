/**
 * Pods that no kubelet will ever end (pkg/controller/podgc): those of a node that is gone, those that are terminating on a
 * node that was declared out of service, and those that were deleted before they had a node.
 */
import type { Condition, Node, Pod } from '../../../kube/types.ts'
import { findCondition, withCondition } from '../conditions.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { timestamp } from '../instant.ts'
import { isTerminal, isTerminating } from '../pods.ts'

const outOfService = 'node.kubernetes.io/out-of-service'

export function podCollector(context: ControllerContext): Controller {
  /** Since when a node that some pod names has not been there. */
  const goneSinceUs = new Map<string, number>()
  return {
    reconcile() {
      collect(context, goneSinceUs)
      return context.settings.podCollectionMs.period
    },
    watch(keys) {
      keys.addAfter('all', context.settings.podCollectionMs.period)
      return []
    },
  }
}

function collect(context: ControllerContext, goneSinceUs: Map<string, number>): void {
  const { api, clock, informers, settings } = context
  const nowUs = clock.nowUs()
  for (const pod of informers.pods.all()) {
    const { nodeName = '' } = pod.spec
    const node = informers.nodes.get(`/${nodeName}`)
    if (node !== null) {
      goneSinceUs.delete(nodeName)
      if (isTerminating(pod) && isOutOfService(node)) removeByForce(context, pod, null)
    } else if (nodeName === '') {
      if (isTerminating(pod)) removeByForce(context, pod, null)
    } else {
      const sinceUs = goneSinceUs.get(nodeName) ?? nowUs
      goneSinceUs.set(nodeName, sinceUs)
      const isOver = nowUs - sinceUs >= settings.podCollectionMs.quarantine * 1000
      if (isOver && api.get('nodes', '', nodeName) === null) removeByForce(context, pod, nodeIsGone(nowUs))
    }
  }
}

function isOutOfService({ spec, status }: Node): boolean {
  const ready = findCondition(status?.conditions, 'Ready')?.status === 'True'
  return !ready && (spec.taints ?? []).some(({ key }) => key === outOfService)
}

function nodeIsGone(nowUs: number): Condition {
  return {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
    lastTransitionTime: timestamp(nowUs),
  }
}

function removeByForce({ api }: ControllerContext, cached: Pod, why: Condition | null): void {
  const { namespace = '', name, uid } = cached.metadata
  const pod = api.get<Pod>('pods', namespace, name)
  if (pod === null || pod.metadata.uid !== uid) return
  if (!isTerminal(pod)) {
    const before = pod.status?.conditions ?? []
    const conditions = why === null ? before : withCondition(before, why)
    api.updateStatus('pods', { ...pod, status: { ...pod.status, phase: 'Failed', conditions } })
  }
  api.delete('pods', namespace, name, { gracePeriodSeconds: 0 })
}
