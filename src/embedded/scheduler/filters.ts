/**
 * Filters that look at one node alone (semantics §3). Each says why the pod cannot run there, in the words of a
 * FailedScheduling event, or null.
 */
import type { Pod } from '../../kube/types.ts'
import { unschedulableTaint } from '../controllers/node/node-taints.ts'
import { tolerates } from '../controllers/node/tolerations.ts'
import { matchesLabels } from '../selector.ts'
import { matchesNodeTerms } from './node-terms.ts'
import { podRequests } from './pod-requests.ts'
import type { NodeState } from './snapshot.ts'

export type Filter = (pod: Pod, state: NodeState) => string | null

export const nodeFilters: readonly Filter[] = [
  fitsUnschedulable,
  fitsNodeName,
  fitsTaints,
  fitsNodeAffinity,
  fitsPorts,
  fitsResources,
]

function fitsUnschedulable({ spec }: Pod, { node }: NodeState): string | null {
  if (node.spec.unschedulable !== true) return null
  const tolerated = (spec.tolerations ?? []).some(toleration => tolerates(toleration, unschedulableTaint))
  return tolerated ? null : 'node(s) were unschedulable'
}

function fitsNodeName({ spec }: Pod, { name }: NodeState): string | null {
  const { nodeName = '' } = spec
  return nodeName === '' || nodeName === name ? null : "node(s) didn't match the requested node name"
}

function fitsTaints({ spec }: Pod, { node }: NodeState): string | null {
  const hard = (node.spec.taints ?? []).filter(
    ({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute',
  )
  const bad = hard.find(taint => !(spec.tolerations ?? []).some(toleration => tolerates(toleration, taint)))
  return bad === undefined ? null : `node(s) had untolerated taint {${bad.key}: ${bad.value ?? ''}}`
}

export function fitsNodeAffinity({ spec }: Pod, state: NodeState): string | null {
  const { nodeSelector = {}, affinity } = spec
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const fits =
    matchesLabels(nodeSelector, state.labels) &&
    (required === undefined || matchesNodeTerms(required.nodeSelectorTerms, state))
  return fits ? null : "node(s) didn't match Pod's node affinity/selector"
}

function fitsPorts(pod: Pod, { pods }: NodeState): string | null {
  const wanted = hostPorts(pod)
  if (wanted.length === 0) return null
  const taken = new Set(pods.flatMap(hostPorts))
  return wanted.some(port => taken.has(port))
    ? "node(s) didn't have free ports for the requested pod ports"
    : null
}

function hostPorts({ spec }: Pod): string[] {
  return spec.containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol = 'TCP' }) => {
      const port = spec.hostNetwork === true ? (hostPort ?? containerPort) : (hostPort ?? 0)
      return port === 0 ? [] : [`${protocol}/${port}`]
    }),
  )
}

function fitsResources({ spec }: Pod, { pods, requested, allocatable }: NodeState): string | null {
  const podsMilli = allocatable.get('pods')
  if (podsMilli !== undefined && (pods.length + 1) * 1000 > podsMilli) return 'Too many pods'
  for (const [name, amount] of podRequests(spec)) {
    if (amount === 0) continue
    const room = roomFor(name, allocatable) - (requested.get(name) ?? 0)
    if (amount > room) return `Insufficient ${name}`
  }
  return null
}

/** A node that does not say how much CPU or memory it has is not limited in it; anything else it does not have. */
function roomFor(name: string, allocatable: ReadonlyMap<string, number>): number {
  return allocatable.get(name) ?? (name === 'cpu' || name === 'memory' ? Infinity : 0)
}
