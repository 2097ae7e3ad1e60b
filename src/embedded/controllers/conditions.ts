/** Lists of conditions, as values: each function returns a new list. */
import type { Condition } from '../../kube/types.ts'

type Conditions = readonly Condition[] | undefined

export function findCondition(conditions: Conditions, type: string): Condition | null {
  return conditions?.find(condition => condition.type === type) ?? null
}

export function withoutCondition(conditions: Conditions, type: string): Condition[] {
  return (conditions ?? []).filter(condition => condition.type !== type)
}

/** Same type, status and reason is a no-op; lastTransitionTime moves only when the status does (semantics §1.6). */
export function withCondition(conditions: Conditions, next: Condition): Condition[] {
  const current = findCondition(conditions, next.type)
  if (current !== null && current.status === next.status && current.reason === next.reason) {
    return [...(conditions ?? [])]
  }
  const kept =
    current !== null && current.status === next.status && current.lastTransitionTime !== undefined
      ? { ...next, lastTransitionTime: current.lastTransitionTime }
      : next
  return [...withoutCondition(conditions, next.type), kept]
}
