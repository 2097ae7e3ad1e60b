/**
 * Which objects a list answers with. All pages of a list are of one state of the store, which the history of changes
 * gives back; when it has forgotten that state, the client gets a token to go on with the present one.
 */
import type { KubeObject } from '../../../kube/types.ts'
import { sleep } from '../../../base/clock.ts'
import type { ApiError } from '../../cluster-api.ts'
import { badRequest, expired, tooLargeResourceVersion } from '../api-errors.ts'
import type { ListOptions } from './list-options.ts'
import { decodeContinue, encodeContinue, revisionError, revisionOf } from './list-options.ts'
import type { ResourceRoute } from './route.ts'
import type { Selection } from './selection.ts'
import type { ServerContext } from './server-context.ts'

export interface Page {
  items: KubeObject[]
  revision: number
  /** '' on the last page. */
  continueToken: string
  /** Null when nobody can say without looking at every object. */
  remaining: number | null
}

/** As long as a real server waits for its cache to catch up. */
const freshnessLimitMs = 3000
const freshnessPollMs = 25

const tooOldToContinue =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

export async function pageOf(
  context: ServerContext,
  route: ResourceRoute,
  selection: Selection,
  options: ListOptions,
): Promise<Page> {
  if (options.continueToken !== '') return continued(context, route, selection, options)
  const revision = revisionOf(options.resourceVersion)
  if (revision === null)
    throw badRequest(`invalid resource version: ${revisionError(options.resourceVersion)}`)
  await untilRevision(context, revision)
  const { registry } = context
  // A limit with a version asks for exactly that version, as in the days before resourceVersionMatch.
  const exact = options.match === 'Exact' || (options.match === '' && options.limit > 0 && revision > 0)
  if (exact) {
    const items = registry.snapshotAt(route.kind.resource, revision, namespaceOf(route))
    if (items === null) throw expired('The resourceVersion for the provided list is too old.')
    return cut(items, revision, '', route, selection, options.limit)
  }
  const present = registry.snapshot(route.kind.resource, namespaceOf(route))
  // Version 0 is answered from a real server's cache, which knows no pages.
  const limit = options.resourceVersion === '0' ? 0 : options.limit
  return cut(present.items, present.revision, '', route, selection, limit)
}

function continued(
  { registry }: ServerContext,
  route: ResourceRoute,
  selection: Selection,
  { continueToken, limit, resourceVersion }: ListOptions,
): Page {
  const { revision, start } = decodeContinue(continueToken)
  if (resourceVersion !== '' && resourceVersion !== '0')
    throw badRequest('specifying resource version is not allowed when using continue')
  const { resource } = route.kind
  if (revision < 0) {
    const present = registry.snapshot(resource, namespaceOf(route))
    return cut(present.items, present.revision, start, route, selection, limit)
  }
  const items = registry.snapshotAt(resource, revision, namespaceOf(route))
  if (items === null) throw expiredToken(start)
  return cut(items, revision, start, route, selection, limit)
}

function expiredToken(start: string): ApiError {
  const error = expired(tooOldToContinue)
  error.status.metadata['continue'] = encodeContinue({ revision: -1, start })
  return error
}

function cut(
  items: readonly KubeObject[],
  revision: number,
  start: string,
  route: ResourceRoute,
  { matches, selects }: Selection,
  limit: number,
): Page {
  const all = items.filter(item => keyOf(route, item) >= start && matches(item))
  const last = limit > 0 && all.length > limit ? all[limit - 1] : undefined
  if (last === undefined) return { items: all, revision, continueToken: '', remaining: null }
  const continueToken = encodeContinue({ revision, start: `${keyOf(route, last)}\0` })
  return {
    items: all.slice(0, limit),
    revision,
    continueToken,
    remaining: selects ? null : all.length - limit,
  }
}

function keyOf({ kind, namespace }: ResourceRoute, { metadata }: KubeObject): string {
  const withNamespace = kind.namespaced && namespace === ''
  return withNamespace ? `/${metadata.namespace ?? ''}/${metadata.name}` : `/${metadata.name}`
}

function namespaceOf({ namespace }: ResourceRoute): string | undefined {
  return namespace === '' ? undefined : namespace
}

/** Resolves once the store has reached the revision; a 504 when it does not within the limit. */
export async function untilRevision({ registry, clock }: ServerContext, revision: number): Promise<void> {
  const endUs = clock.nowUs() + freshnessLimitMs * 1000
  while (registry.revision() < revision) {
    if (clock.nowUs() >= endUs) throw tooLargeResourceVersion(revision, registry.revision())
    await sleep(clock, freshnessPollMs)
  }
}
