/**
 * Which nodes the load's drivers keep away from: those with pods of the workload, since one of them may be drained, and
 * a driver beside the pod that it measures takes a shorter way than most clients. Pure.
 */
import type { Node, Pod } from '../kube/types.ts'

export interface DriverNodes {
  avoid: string[]
  /** Why the rest: goes into the report. */
  why: string
}

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane'

export function driverNodes(nodes: readonly Node[], workload: readonly Pod[], name: string): DriverNodes {
  const counts = new Map<string, number>()
  for (const { spec } of workload)
    if (spec.nodeName !== undefined) counts.set(spec.nodeName, (counts.get(spec.nodeName) ?? 0) + 1)
  const usable = nodes.filter(isUsable).map(({ metadata }) => metadata.name)
  const free = usable.filter(node => !counts.has(node))
  if (free.length > 0) return { avoid: [...counts.keys()].sort(), why: `no pod of ${name} runs there` }
  // In a drain's own order: the fullest comes first, and of equals the first by name.
  const byCount = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([node]) => node)
  const quietest = byCount.findLast(node => usable.includes(node))
  return {
    avoid: byCount.filter(node => node !== quietest),
    why: `every node runs pods of ${name}, and a drain would choose this one last`,
  }
}

/** A control plane's own taint is tolerated; others mean that a node is not for us. */
function isUsable({ spec }: Node): boolean {
  if (spec.unschedulable === true) return false
  return !(spec.taints ?? []).some(
    ({ key, effect }) => effect !== 'PreferNoSchedule' && key !== CONTROL_PLANE,
  )
}
