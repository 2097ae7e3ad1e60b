/** Which objects a list or watch is about: its selectors and its name, as one filter. */
import type { ObjectFilter } from '../label-selector.ts'
import { parseLabelSelector } from '../label-selector.ts'
import { parseFieldSelector } from '../field-selector.ts'
import type { ResourceRoute } from './route.ts'

export function selectionOf({ kind, namespace, name }: ResourceRoute, query: URLSearchParams): ObjectFilter {
  const filters: ObjectFilter[] = []
  if (namespace !== '') filters.push(({ metadata }) => metadata.namespace === namespace)
  if (name !== '') filters.push(({ metadata }) => metadata.name === name)
  const labels = query.get('labelSelector') ?? ''
  if (labels !== '') filters.push(parseLabelSelector(labels))
  const fields = query.get('fieldSelector') ?? ''
  if (fields !== '') filters.push(parseFieldSelector(kind.resource, fields))
  return object => filters.every(matches => matches(object))
}
