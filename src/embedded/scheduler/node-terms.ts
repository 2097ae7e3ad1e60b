/** Node selector terms: any term may match, and within a term everything must. */
import type { NodeSelectorTerm } from '../../kube/types.ts'
import type { NodeState } from './snapshot.ts'

type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number]

export function matchesNodeTerms(terms: readonly NodeSelectorTerm[], state: NodeState): boolean {
  return terms.some(term => matchesNodeTerm(term, state))
}

export function matchesNodeTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  state: NodeState,
): boolean {
  // A term without any requirement matches nothing.
  if (matchExpressions.length + matchFields.length === 0) return false
  return (
    matchExpressions.every(requirement => holds(requirement, state.labels[requirement.key])) &&
    matchFields.every(requirement => requirement.key === 'metadata.name' && holds(requirement, state.name))
  )
}

function holds({ operator, values = [] }: Requirement, value: string | undefined): boolean {
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
