/** The cluster as one scheduling decision sees it: every node with the pods that are on it, bound or just decided. */
import type { Node, Pod, PodSpec } from '../../kube/types.ts'
import { isTerminal } from '../controllers/pods.ts'
import type { Amounts } from './pod-requests.ts'
import { addAll, podRequests, scoredRequests } from './pod-requests.ts'
import { quantityMilli } from './quantity.ts'

export interface NodeState {
  node: Node
  name: string
  labels: Record<string, string>
  /** All that are not terminal: terminating pods still hold their resources. */
  pods: Pod[]
  requested: Amounts
  scored: Amounts
  allocatable: Amounts
}

export interface Snapshot {
  nodes: NodeState[]
}

export function takeSnapshot(nodes: readonly Node[], podsOn: (nodeName: string) => readonly Pod[]): Snapshot {
  return { nodes: nodes.map(node => stateOf(node, podsOn(node.metadata.name))) }
}

/** Objects are replaced, never changed, and each decision adds up those of all pods. */
const known = new WeakMap<PodSpec, { requested: Amounts; scored: Amounts }>()

function requestsOf(spec: PodSpec): { requested: Amounts; scored: Amounts } {
  const before = known.get(spec)
  if (before !== undefined) return before
  const own = { requested: podRequests(spec), scored: scoredRequests(spec) }
  known.set(spec, own)
  return own
}

function stateOf(node: Node, pods: readonly Pod[]): NodeState {
  const present = pods.filter(pod => !isTerminal(pod))
  const requested: Amounts = new Map()
  const scored: Amounts = new Map()
  for (const { spec } of present) {
    const own = requestsOf(spec)
    addAll(requested, own.requested)
    addAll(scored, own.scored)
  }
  const allocatable = Object.entries(node.status?.allocatable ?? {})
  return {
    node,
    name: node.metadata.name,
    labels: node.metadata.labels ?? {},
    pods: present,
    requested,
    scored,
    allocatable: new Map(allocatable.map(([name, amount]) => [name, quantityMilli(amount)])),
  }
}
