/** The taints that the node controller keeps by itself: what a node's conditions and its cordon say (semantics §3, §9). Pure. */
import type { Node } from '../../../kube/types.ts'
import { timestamp } from '../instant.ts'
import type { Taint } from './tolerations.ts'

const prefix = 'node.kubernetes.io/'
export const unschedulableTaint: Taint = { key: `${prefix}unschedulable`, effect: 'NoSchedule' }
export const notReady: Taint = { key: `${prefix}not-ready`, effect: 'NoExecute' }
export const unreachable: Taint = { key: `${prefix}unreachable`, effect: 'NoExecute' }

const ofConditions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReady.key, Unknown: unreachable.key },
  MemoryPressure: { True: `${prefix}memory-pressure` },
  DiskPressure: { True: `${prefix}disk-pressure` },
  NetworkUnavailable: { True: `${prefix}network-unavailable` },
  PIDPressure: { True: `${prefix}pid-pressure` },
}
const kept = new Set([
  unschedulableTaint.key,
  ...Object.values(ofConditions).flatMap(keys => Object.values(keys)),
])

/** The node's taints with the right NoSchedule ones, or null when it has them. */
export function schedulingTaints({ spec, status }: Node, nowUs: number): Taint[] | null {
  const wanted = (status?.conditions ?? []).flatMap(
    ({ type, status: value }) => ofConditions[type]?.[value] ?? [],
  )
  if (spec.unschedulable === true) wanted.push(unschedulableTaint.key)
  const taints = spec.taints ?? []
  const isOwn = ({ key, effect }: Taint): boolean => effect === 'NoSchedule' && kept.has(key)
  const missing = wanted.filter(key => !taints.some(taint => isOwn(taint) && taint.key === key))
  const left = taints.filter(taint => !isOwn(taint) || wanted.includes(taint.key))
  if (missing.length === 0 && left.length === taints.length) return null
  return [...left, ...missing.map(key => added({ key, effect: 'NoSchedule' }, nowUs))]
}

/** The node's taints with `add` (if any) and without `remove`, or null when that is so already. */
export function swappedTaints(
  { spec }: Node,
  add: Taint | null,
  remove: readonly Taint[],
  nowUs: number,
): Taint[] | null {
  const taints = spec.taints ?? []
  const left = taints.filter(taint => !remove.some(other => isSame(taint, other)))
  const isMissing = add !== null && !taints.some(taint => isSame(taint, add))
  if (!isMissing && left.length === taints.length) return null
  return isMissing ? [...left, added(add, nowUs)] : left
}

/** The node with these taints; without any the field is absent. */
export function withTaints(node: Node, taints: readonly Taint[]): Node {
  const others = Object.entries(node.spec).filter(([key]) => key !== 'taints')
  const spec: Node['spec'] = Object.fromEntries(others)
  return { ...node, spec: taints.length === 0 ? spec : { ...spec, taints: [...taints] } }
}

function isSame(one: Taint, other: Taint): boolean {
  return one.key === other.key && one.effect === other.effect
}

function added(taint: Taint, nowUs: number): Taint {
  return { ...taint, timeAdded: timestamp(nowUs) }
}
