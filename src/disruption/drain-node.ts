/**
 * Which node to drain: the one that carries most pods of the workload, among those that may be touched and whose pods
 * nobody else depends on. Pure; what was passed over is told with the reason.
 */
import { RUN_LABEL } from '../kube/mutation-requests.ts'
import type { Node, Pod } from '../kube/types.ts'
import { ALLOWED_LABEL, LOAD_LABEL, type NodeRules } from '../model/node-rules.ts'

export interface DrainCandidates {
  nodes: readonly Node[]
  /** Of the whole cluster. */
  pods: readonly Pod[]
  /** Names of the workload's pods, with their node. */
  workload: ReadonlyMap<string, { node: string | null }>
  workloadName: string
  rules: NodeRules
}

export interface DrainChoice {
  /** Null when none will do. */
  node: string | null
  /** A sentence: why this one, and why not those that carry as many pods. */
  why: string
}

export function chooseDrainNode(candidates: DrainCandidates): DrainChoice {
  const { workload, workloadName } = candidates
  const carried = podsByNode(workload)
  if (carried.length === 0) return { node: null, why: `no node carries a pod of ${workloadName}` }
  const passedOver: string[] = []
  for (const [node, count] of carried) {
    const reasons = reasonsAgainst(node, candidates)
    if (reasons.length === 0) {
      const most = `${node} carries ${count} of ${workload.size} pods of ${workloadName}`
      return { node, why: [most, ...passedOver].join('; ') }
    }
    passedOver.push(`not ${node}: ${reasons.join(', ')}`)
  }
  return { node: null, why: `no node could be drained: ${passedOver.join('; ')}` }
}

function podsByNode(workload: DrainCandidates['workload']): [string, number][] {
  const counts = new Map<string, number>()
  for (const { node } of workload.values()) if (node !== null) counts.set(node, (counts.get(node) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
}

function reasonsAgainst(name: string, { nodes, pods, rules }: DrainCandidates): string[] {
  const node = nodes.find(({ metadata }) => metadata.name === name)
  const here = pods.filter(pod => pod.spec.nodeName === name && !isOver(pod))
  const reasons: string[] = []
  if (rules.touch === 'none') reasons.push('drains were not allowed')
  if (rules.touch === 'allowed' && node?.metadata.labels?.[ALLOWED_LABEL] !== 'true')
    reasons.push(`it lacks the label ${ALLOWED_LABEL}=true`)
  if (node?.spec.unschedulable === true) reasons.push('somebody cordoned it')
  if (here.some(({ metadata }) => metadata.labels?.[LOAD_LABEL] !== undefined))
    reasons.push('it holds a driver of the load')
  if (holdsAllDns(name, pods)) reasons.push('it holds the only CoreDNS')
  if (rules.touch === 'every') return reasons
  const others = here.filter(({ metadata }) => (metadata.labels?.[RUN_LABEL] ?? rules.runId) !== rules.runId)
  if (others.length > 0) reasons.push('it holds pods of another run')
  const lost = here.filter(pod => isEvicted(pod) && (pod.metadata.ownerReferences ?? []).length === 0)
  if (lost.length > 0)
    reasons.push(`nobody would make ${lost.map(({ metadata }) => metadata.name).join(', ')} again`)
  return reasons
}

/** As `kubectl drain` decides: daemons stay, and so do static pods, which the API only mirrors. */
export function isEvicted({ metadata }: Pod): boolean {
  const { annotations = {}, ownerReferences = [] } = metadata
  return (
    !('kubernetes.io/config.mirror' in annotations) &&
    !ownerReferences.some(({ kind }) => kind === 'DaemonSet')
  )
}

/** Without it no name resolves while its pods start elsewhere, and that would be measured instead. */
function holdsAllDns(node: string, pods: readonly Pod[]): boolean {
  const dns = pods.filter(pod => pod.metadata.labels?.['k8s-app'] === 'kube-dns' && !isOver(pod))
  return dns.length > 0 && dns.every(({ spec }) => spec.nodeName === node)
}

function isOver({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp !== undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed'
  )
}
