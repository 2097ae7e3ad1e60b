/** Label selectors, for every part that selects. An absent selector matches nothing, an empty one everything. */
import type { LabelSelector } from '../kube/types.ts'

type Labels = Record<string, string>

export interface Requirement {
  key: string
  operator: string
  values?: readonly string[]
}

/** `In`, `NotIn`, `Exists`, `DoesNotExist`, and of node terms also `Gt` and `Lt`; an unknown operator never holds. */
export function holds({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
    default:
      return false
  }
}

export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined || !matchesLabels(selector.matchLabels ?? {}, labels)) return false
  return (selector.matchExpressions ?? []).every(requirement => holds(requirement, labels?.[requirement.key]))
}

/** Equality alone, as in a Service's selector. */
export function matchesLabels(wanted: Labels, labels: Labels | undefined): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value)
}

export function sameLabels(one: Labels | undefined, other: Labels | undefined): boolean {
  const size = Object.keys(one ?? {}).length
  return size === Object.keys(other ?? {}).length && matchesLabels(one ?? {}, other)
}

/** True for a selector without any requirement; such a workload is left alone. */
export function isEmptySelector(selector: LabelSelector): boolean {
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0
  )
}
