/**
 * What a DaemonSet's sync creates and deletes, node by node: first each eligible node has its one pod, then the rolling
 * update replaces old ones, either by deleting first (maxUnavailable) or by creating first (maxSurge). Pure.
 */
import type { Node, Pod } from '../../../kube/types.ts'
import type { DaemonSet } from '../../workload-types.ts'
import { scaledCount } from '../int-or-string.ts'
import { instantUs } from '../instant.ts'
import { isAvailable, isReady, isTerminating } from '../pods.ts'
import { fitOf, isUpdated } from './daemon-pods.ts'

export interface Plan {
  /** Nodes that need a pod. */
  create: string[]
  remove: Pod[]
}

export interface DaemonView {
  set: DaemonSet
  hash: string
  nodes: readonly Node[]
  podsByNode: ReadonlyMap<string, readonly Pod[]>
  nowUs: number
}

/** Bound before unbound, then the older first. */
export function oldestFirst(pods: readonly Pod[]): Pod[] {
  const unbound = ({ spec }: Pod): number => ((spec.nodeName ?? '') === '' ? 1 : 0)
  return [...pods].sort(
    (one, other) =>
      unbound(one) - unbound(other) ||
      instantUs(one.metadata.creationTimestamp) - instantUs(other.metadata.creationTimestamp) ||
      (one.metadata.name < other.metadata.name ? -1 : 1),
  )
}

export function surgeOf({ spec }: DaemonSet, desired: number): number {
  const { type, rollingUpdate } = spec.updateStrategy ?? {}
  return type === 'RollingUpdate' ? scaledCount(rollingUpdate?.maxSurge ?? 0, desired, 'up') : 0
}

/** `ended`: the pods that are over, which go unless they failed too often lately. */
export function placementPlan(view: DaemonView, ended: (pod: Pod, node: string) => boolean): Plan {
  const plan: Plan = { create: [], remove: [] }
  for (const node of view.nodes) planNode(view, node, plan, ended)
  const known = new Set(view.nodes.map(({ metadata }) => metadata.name))
  for (const [node, pods] of view.podsByNode) {
    // Nobody else would: pods that a node has are the garbage collector's when the node is gone.
    if (!known.has(node)) plan.remove.push(...pods.filter(({ spec }) => (spec.nodeName ?? '') === ''))
  }
  return plan
}

function planNode(
  view: DaemonView,
  node: Node,
  plan: Plan,
  ended: (pod: Pod, node: string) => boolean,
): void {
  const { name } = node.metadata
  const pods = view.podsByNode.get(name) ?? []
  const { runs, continues } = fitOf(view.set, node)
  if (runs && pods.length === 0) plan.create.push(name)
  else if (!continues) plan.remove.push(...pods.filter(pod => !isTerminating(pod)))
  else {
    const living = pods.filter(pod => !isTerminating(pod))
    const over = living.filter(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded')
    plan.remove.push(...over.filter(pod => ended(pod, name)))
    const running = oldestFirst(living.filter(pod => !over.includes(pod)))
    if (surgeOf(view.set, 1) === 0) plan.remove.push(...running.slice(1))
    else if (running.length > 1) plan.remove.push(...surplusOf(view, running))
    else if (running.length === 0 && runs) plan.create.push(name)
  }
}

/** With surge an old and a new pod may stand side by side until the new one is available, or the old one not ready. */
function surplusOf({ set, hash, nowUs }: DaemonView, running: readonly Pod[]): Pod[] {
  const young = running.find(pod => pod.metadata.labels?.['controller-revision-hash'] === hash)
  const old = running.find(pod => pod.metadata.labels?.['controller-revision-hash'] !== hash)
  const surplus = running.filter(pod => pod !== young && pod !== old)
  if (young === undefined || old === undefined) return surplus
  const replaces = !isReady(old) || isAvailable(young, set.spec.minReadySeconds ?? 0, nowUs)
  return replaces ? [...surplus, old] : surplus
}

export function rollingPlan(view: DaemonView): Plan {
  const { set, nodes } = view
  const desired = nodes.filter(node => fitOf(set, node).runs).length
  const surge = surgeOf(set, desired)
  const asked = scaledCount(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, desired, 'up')
  const unavailable = desired > 0 && asked === 0 && surge === 0 ? 1 : asked
  return surge === 0 ? replaceInPlace(view, unavailable) : replaceBySurge(view, surge, desired)
}

interface Pair {
  node: string
  young: Pod | null
  old: Pod | null
}

/** Null: more pods than one old and one new, which the placement has to sort out first. */
function pairOf({ set, hash }: DaemonView, node: string, pods: readonly Pod[]): Pair | null {
  const living = pods.filter(pod => !isTerminating(pod))
  const young = living.filter(pod => isUpdated(set, pod, hash))
  const old = living.filter(pod => !isUpdated(set, pod, hash))
  if (young.length > 1 || old.length > 1) return null
  return { node, young: young[0] ?? null, old: old[0] ?? null }
}

/** Every node that has a pod or should have one. */
function pairsOf(view: DaemonView): (Pair | null)[] {
  const wanted = view.nodes.filter(node => fitOf(view.set, node).runs).map(({ metadata }) => metadata.name)
  const names = new Set([...wanted, ...view.podsByNode.keys()])
  return [...names].map(name => pairOf(view, name, view.podsByNode.get(name) ?? []))
}

function replaceInPlace(view: DaemonView, maxUnavailable: number): Plan {
  const available = availabilityIn(view)
  const [allowed, candidates]: [Pod[], Pod[]] = [[], []]
  let unavailable = 0
  for (const pair of pairsOf(view)) {
    const { young = null, old = null } = pair ?? {}
    if (young === null && old !== null) {
      if (available(old)) candidates.push(old)
      else allowed.push(old)
    }
    const alone = (young === null) !== (old === null) ? (young ?? old) : null
    if (alone === null || !available(alone)) unavailable++
  }
  const rest = Math.max(0, maxUnavailable - unavailable)
  return { create: [], remove: [...allowed, ...candidates.slice(0, rest)] }
}

function replaceBySurge(view: DaemonView, maxSurge: number, desired: number): Plan {
  const available = availabilityIn(view)
  const nodes = new Map(view.nodes.map(node => [node.metadata.name, node]))
  const runs = (name: string): boolean => {
    const node = nodes.get(name)
    return node !== undefined && fitOf(view.set, node).runs
  }
  const [remove, leaving]: [Pod[], Pod[]] = [[], []]
  const [allowed, candidates]: [string[], string[]] = [[], []]
  let [surging, availableCount] = [0, 0]
  for (const pair of pairsOf(view)) {
    if (pair === null) {
      surging++
      continue
    }
    const { node, young, old } = pair
    const counted = old ?? young
    if (counted !== null && available(counted)) availableCount++
    if (old === null) continue
    if (young !== null) {
      if (available(young)) remove.push(old)
      else surging++
    } else if (available(old)) {
      if (runs(node)) candidates.push(node)
      else leaving.push(old)
    } else if (runs(node)) allowed.push(node)
    else remove.push(old)
  }
  remove.push(...leaving.slice(0, Math.max(0, availableCount - desired)))
  return { create: [...allowed, ...candidates.slice(0, Math.max(0, maxSurge - surging))], remove }
}

function availabilityIn({ set, nowUs }: DaemonView): (pod: Pod) => boolean {
  return pod => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowUs)
}
