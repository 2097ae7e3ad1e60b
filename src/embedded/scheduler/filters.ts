/**
 * Filters that look at one node alone (semantics §3). Each says why the pod cannot run there, in the words of a
 * FailedScheduling event, and whether the end of other pods could change that; or null.
 */
import type { Pod } from '../../kube/types.ts'
import { unschedulableTaint } from '../controllers/node/node-taints.ts'
import { tolerates } from '../controllers/node/tolerations.ts'
import { matchesLabels } from '../selector.ts'
import { matchesNodeTerms } from './node-terms.ts'
import { podRequests } from './pod-requests.ts'
import type { NodeState } from './snapshot.ts'

export interface Refusal {
  reasons: string[]
  /** Other pods are in the way: Kubernetes then thinks about preemption. */
  resolvable: boolean
}

export type Filter = (pod: Pod, state: NodeState, kubernetesMinor: number) => Refusal | null

/** What no other pod's end would change. */
export function unresolvable(reason: string): Refusal {
  return { reasons: [reason], resolvable: false }
}

export function resolvable(reason: string): Refusal {
  return { reasons: [reason], resolvable: true }
}

export const nodeFilters: readonly Filter[] = [
  fitsUnschedulable,
  fitsNodeName,
  fitsTaints,
  fitsNodeAffinity,
  fitsPorts,
  fitsResources,
]

function fitsUnschedulable({ spec }: Pod, { node }: NodeState): Refusal | null {
  if (node.spec.unschedulable !== true) return null
  const tolerated = (spec.tolerations ?? []).some(toleration => tolerates(toleration, unschedulableTaint))
  return tolerated ? null : unresolvable('node(s) were unschedulable')
}

function fitsNodeName({ spec }: Pod, { name }: NodeState): Refusal | null {
  const { nodeName = '' } = spec
  return nodeName === '' || nodeName === name
    ? null
    : unresolvable("node(s) didn't match the requested node name")
}

function fitsTaints({ spec }: Pod, { node }: NodeState, kubernetesMinor: number): Refusal | null {
  const hard = (node.spec.taints ?? []).filter(
    ({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute',
  )
  const bad = hard.find(taint => !(spec.tolerations ?? []).some(toleration => tolerates(toleration, taint)))
  if (bad === undefined) return null
  // From 1.34 on the taints are not named, so that equal reasons add up.
  const taint = kubernetesMinor >= 34 ? 'taint(s)' : `taint {${bad.key}: ${bad.value ?? ''}}`
  return unresolvable(`node(s) had untolerated ${taint}`)
}

export function fitsNodeAffinity({ spec }: Pod, state: NodeState): Refusal | null {
  const { nodeSelector = {}, affinity } = spec
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const fits =
    matchesLabels(nodeSelector, state.labels) &&
    (required === undefined || matchesNodeTerms(required.nodeSelectorTerms, state))
  return fits ? null : unresolvable("node(s) didn't match Pod's node affinity/selector")
}

function fitsPorts(pod: Pod, { pods }: NodeState): Refusal | null {
  const wanted = hostPorts(pod)
  if (wanted.length === 0) return null
  const taken = new Set(pods.flatMap(hostPorts))
  return wanted.some(port => taken.has(port))
    ? resolvable("node(s) didn't have free ports for the requested pod ports")
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

/** All that is short is told; more than the whole node has would not fit without any other pod either. */
function fitsResources({ spec }: Pod, { pods, requested, allocatable }: NodeState): Refusal | null {
  const refusal: Refusal = { reasons: [], resolvable: true }
  const podsMilli = allocatable.get('pods')
  if (podsMilli !== undefined && (pods.length + 1) * 1000 > podsMilli) refusal.reasons.push('Too many pods')
  for (const [name, amount] of podRequests(spec)) {
    const size = roomFor(name, allocatable)
    if (amount === 0 || amount <= size - (requested.get(name) ?? 0)) continue
    refusal.reasons.push(`Insufficient ${name}`)
    if (amount > size) refusal.resolvable = false
  }
  return refusal.reasons.length === 0 ? null : refusal
}

/** A node that does not say how much CPU or memory it has is not limited in it; anything else it does not have. */
function roomFor(name: string, allocatable: ReadonlyMap<string, number>): number {
  return allocatable.get(name) ?? (name === 'cpu' || name === 'memory' ? Infinity : 0)
}
