/** Node selector terms: any term may match, and within a term everything must. */
import type { NodeSelectorTerm } from '../../kube/types.ts'
import { holds } from '../selector.ts'
import type { NodeState } from './snapshot.ts'

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
