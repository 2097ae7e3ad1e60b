/** Node selector terms: any term may match, and within a term everything must. */
import type { NodeSelectorTerm } from '../../kube/types.ts'
import { holds } from '../selector.ts'
import type { NodeState } from './snapshot.ts'

type NamedNode = Pick<NodeState, 'name' | 'labels'>

export function matchesNodeTerms(terms: readonly NodeSelectorTerm[], node: NamedNode): boolean {
  return terms.some(term => matchesNodeTerm(term, node))
}

export function matchesNodeTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: NamedNode,
): boolean {
  // A term without any requirement matches nothing.
  if (matchExpressions.length + matchFields.length === 0) return false
  return (
    matchExpressions.every(requirement => holds(requirement, node.labels[requirement.key])) &&
    matchFields.every(requirement => requirement.key === 'metadata.name' && holds(requirement, node.name))
  )
}
