/** Which objects a list or watch is about: its selectors and its name, as one filter. */
import type { ObjectFilter } from '../label-selector.ts'
import { parseLabelSelector } from '../label-selector.ts'
import { parseFieldSelector } from '../field-selector.ts'
import { badRequest } from '../api-errors.ts'
import type { ResourceRoute } from './route.ts'

export interface Selection {
  matches: ObjectFilter
  /** Whether a label or field selector is at work. */
  selects: boolean
}

export function selectionOf({ kind, namespace, name }: ResourceRoute, query: URLSearchParams): Selection {
  const filters: ObjectFilter[] = []
  if (namespace !== '') filters.push(({ metadata }) => metadata.namespace === namespace)
  if (name !== '') filters.push(({ metadata }) => metadata.name === name)
  const labels = query.get('labelSelector') ?? ''
  if (labels !== '') filters.push(parseLabelSelector(labels))
  const fields = query.get('fieldSelector') ?? ''
  if (fields !== '') {
    const { matches, name: selected } = parseFieldSelector(kind, fields)
    if (name !== '' && selected !== null && selected !== name)
      throw badRequest("fieldSelector metadata.name doesn't match requested name")
    filters.push(matches)
  }
  return {
    matches: object => filters.every(matches => matches(object)),
    selects: labels !== '' || fields !== '',
  }
}
