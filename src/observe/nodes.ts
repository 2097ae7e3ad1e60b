/** The nodes: cordons, and nodes that stop being ready under the experiment. */
import type { Node } from '../kube/types.ts'
import { follow, type WitnessContext } from './witness.ts'

export function observeNodes(context: WitnessContext): Promise<void> {
  return follow<Node>(context, 'nodes', '/api/v1/nodes', '', (node, previous, atUs) => {
    if (node === null) return
    const now = nodeState(node)
    const before = previous === null ? null : nodeState(previous)
    if (before?.unschedulable === now.unschedulable && before.ready === now.ready) return
    context.record({ atUs, kind: 'node-changed', node: node.metadata.name, ...now })
  })
}

function nodeState(node: Node): { unschedulable: boolean; ready: boolean } {
  return {
    unschedulable: node.spec.unschedulable ?? false,
    ready:
      node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
  }
}
