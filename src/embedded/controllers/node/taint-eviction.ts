/**
 * Taint eviction (semantics §3): a NoExecute taint ends a node's pods by a plain DELETE, which no budget can stop, as
 * soon as their smallest tolerationSeconds has passed.
 */
import type { Node, Pod } from '../../../kube/types.ts'
import type { ClusterApi } from '../../cluster-api.ts'
import { withCondition } from '../conditions.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { keyOf } from '../informer.ts'
import { timestamp } from '../instant.ts'
import { isActive, isTerminating } from '../pods.ts'
import type { Taint } from './tolerations.ts'
import { tolerates } from './tolerations.ts'

export function taintEvictionController(context: ControllerContext): Controller {
  const { api, clock, informers } = context
  /** Since when a pod has been subject to a NoExecute taint, by uid. */
  const exposedSinceUs = new Map<string, number>()
  return {
    reconcile(key) {
      const pod = informers.pods.get(key)
      if (pod === null || !isActive(pod)) return null
      const { uid = '' } = pod.metadata
      const taints = noExecuteTaints(informers.nodes.get(`/${pod.spec.nodeName ?? ''}`))
      const toleratedMs = toleratedForMs(pod, taints)
      if (toleratedMs === null) {
        if (exposedSinceUs.delete(uid)) record(api, pod, `Cancelling deletion of Pod ${key}`)
        return null
      }
      const nowUs = clock.nowUs()
      const sinceUs = exposedSinceUs.get(uid) ?? nowUs
      exposedSinceUs.set(uid, sinceUs)
      const leftMs = toleratedMs - (nowUs - sinceUs) / 1000
      if (leftMs > 0) return leftMs
      record(api, pod, `Marking for deletion Pod ${key}`)
      markDisrupted(api, pod, nowUs)
      api.delete('pods', pod.metadata.namespace ?? '', pod.metadata.name, { uid })
      return null
    },
    watch: keys => [
      informers.nodes.subscribe(({ type, object, previous }) => {
        const tainted = noExecuteTaints(object).length > 0 || noExecuteTaints(previous).length > 0
        if (type === 'DELETED' || !tainted) return
        for (const pod of informers.podsOn(object.metadata.name)) keys.add(keyOf(pod))
      }),
      informers.pods.subscribe(({ type, object, previous }) => {
        if (type === 'DELETED' || isTerminating(object)) exposedSinceUs.delete(object.metadata.uid ?? '')
        else if (object.spec.nodeName !== previous?.spec.nodeName) {
          const node = informers.nodes.get(`/${object.spec.nodeName ?? ''}`)
          if (noExecuteTaints(node).length > 0) keys.add(keyOf(object))
        }
      }),
    ],
  }
}

function record(api: ClusterApi, pod: Pod, text: string): void {
  api.recordEvent(pod, 'Normal', 'TaintManagerEviction', text, 'taint-eviction-controller')
}

function markDisrupted(api: ClusterApi, cached: Pod, nowUs: number): void {
  const pod = api.get<Pod>('pods', cached.metadata.namespace ?? '', cached.metadata.name)
  if (pod === null) return
  const conditions = withCondition(pod.status?.conditions, {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: timestamp(nowUs),
  })
  api.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } })
}

function noExecuteTaints(node: Node | null): Taint[] {
  return (node?.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
}

/** Null: for ever. */
function toleratedForMs(pod: Pod, taints: readonly Taint[]): number | null {
  if (taints.length === 0) return null
  const used = taints.map(taint =>
    (pod.spec.tolerations ?? []).filter(toleration => tolerates(toleration, taint)),
  )
  if (used.some(tolerations => tolerations.length === 0)) return 0
  const limits = used
    .flat()
    .flatMap(({ tolerationSeconds }) => (tolerationSeconds === undefined ? [] : [tolerationSeconds]))
  return limits.length === 0 ? null : Math.max(0, Math.min(...limits)) * 1000
}
