/** Node lifecycle: spec.unschedulable (a cordon) and the taint that says the same go together (semantics §3). */
import type { Node } from '../../../kube/types.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { keyOf } from '../informer.ts'
import type { Taint } from './tolerations.ts'

export const unschedulableTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

export function unschedulableTaintController({ api, informers }: ControllerContext): Controller {
  return {
    reconcile(key) {
      const node = informers.nodes.get(key)
      const taints = node === null ? null : taintsFor(node)
      if (node !== null && taints !== null) api.update('nodes', { ...node, spec: { ...node.spec, taints } })
      return null
    },
    watch: keys => [
      informers.nodes.subscribe(({ type, object }) => {
        if (type !== 'DELETED' && taintsFor(object) !== null) keys.add(keyOf(object))
      }),
    ],
  }
}

/** The taints that the node should have, or null when it has them. */
function taintsFor({ spec }: Node): Taint[] | null {
  const { taints = [], unschedulable = false } = spec
  const others = taints.filter(({ key, effect }) => !isSame(key, effect))
  if (unschedulable === others.length < taints.length) return null
  return unschedulable ? [...others, unschedulableTaint] : others
}

function isSame(key: string, effect: string): boolean {
  return key === unschedulableTaint.key && effect === unschedulableTaint.effect
}
