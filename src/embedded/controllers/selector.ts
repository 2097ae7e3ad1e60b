/** Label selectors. An absent selector matches nothing, an empty one everything, as in Kubernetes. */
import { assertNever } from '../../base/assert.ts'
import type { LabelSelector } from '../../kube/types.ts'

type Labels = Record<string, string>

export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false
  if (!matchesLabels(selector.matchLabels ?? {}, labels)) return false
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels?.[key]
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value)
      case 'NotIn':
        return value === undefined || !values.includes(value)
      case 'Exists':
        return value !== undefined
      case 'DoesNotExist':
        return value === undefined
      default:
        return assertNever(operator)
    }
  })
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
