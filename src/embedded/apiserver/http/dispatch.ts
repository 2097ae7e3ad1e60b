/** From a request to the function that answers it. */
import { methodNotAllowed, unknownPath } from '../api-errors.ts'
import { isServedGroup } from '../resources.ts'
import { answerReview, reviewGroups } from './access-reviews.ts'
import type { Exchange } from './exchange.ts'
import { sendText } from './exchange.ts'
import { requireUpgrade } from './exec/upgrade.ts'
import { streamFeed } from './feed-streams.ts'
import { minorOf } from './fixed-answers.ts'
import { streamLog } from './log-stream.ts'
import { switchNode } from './node-power.ts'
import { answerPublic } from './public-answers.ts'
import { listObjects, readObject } from './reads.ts'
import type { ResourceRoute } from './route.ts'
import { parseResourcePath } from './route.ts'
import type { ServerContext } from './server-context.ts'
import { bind, evict, patchScale, readScale, replaceScale } from './subresources.ts'
import { watchCollection } from './watch-stream.ts'
import { isSet } from './write-options.ts'
import { createFromBody, deleteCollection, deleteNamed, patchObject, replaceFromBody } from './writes.ts'

type Handler = (context: ServerContext, exchange: Exchange, route: ResourceRoute) => void | Promise<void>
type Verbs = Partial<Record<string, Handler>>

const get: Handler = (context, exchange, route) =>
  isSet(exchange.query, 'watch')
    ? watchCollection(context, exchange, route)
    : readObject(context, exchange, route)

const list: Handler = (context, exchange, route) =>
  isSet(exchange.query, 'watch')
    ? watchCollection(context, exchange, route)
    : listObjects(context, exchange, route)

const named: Verbs = { GET: get, PUT: replaceFromBody, PATCH: patchObject, DELETE: deleteNamed }
const collection: Verbs = { GET: list, POST: createFromBody, DELETE: deleteCollection }
const subresources: Record<NonNullable<ResourceRoute['subresource']>, Verbs> = {
  status: { GET: get, PUT: replaceFromBody, PATCH: patchObject },
  scale: { GET: readScale, PUT: replaceScale, PATCH: patchScale },
  eviction: { POST: evict },
  binding: { POST: bind },
  log: { GET: streamLog },
  exec: { GET: requireUpgrade, POST: requireUpgrade },
  attach: { GET: requireUpgrade, POST: requireUpgrade },
  portforward: { GET: requireUpgrade, POST: requireUpgrade },
}

export async function dispatch(context: ServerContext, exchange: Exchange): Promise<void> {
  const route = parseResourcePath(exchange.path)
  if (route !== null) {
    const handler = verbsOf(route)[exchange.method]
    if (handler === undefined) throw methodNotAllowed()
    warnOfDeprecation(context, exchange, route)
    await handler(context, exchange, route)
    return
  }
  if (streamFeed(context, exchange)) return
  if (await switchNode(context, exchange)) return
  if (await answerReview(exchange)) return
  if (answerPublic(context, exchange)) return
  if (isBelowServedGroup(exchange.path)) throw unknownPath()
  sendText(exchange, 404, '404 page not found\n', 'text/plain; charset=utf-8')
}

/** Endpoints are the only kind here that a newer version advises against (kubernetes pkg/apis/core/v1, since 1.33). */
function warnOfDeprecation(
  { kubernetesVersion }: ServerContext,
  { response }: Exchange,
  { kind }: ResourceRoute,
): void {
  if (kind.resource !== 'endpoints' || minorOf(kubernetesVersion) < 33) return
  const warning = 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'
  response.appendHeader('Warning', `299 - "${warning}"`)
}

/** There a group's handler answers; where there is none, the server's mux does, in plain text. */
function isBelowServedGroup(path: string): boolean {
  const [, root, group = ''] = path.split('/')
  return root === 'api' || (root === 'apis' && (isServedGroup(group) || reviewGroups.includes(group)))
}

function verbsOf(route: ResourceRoute): Verbs {
  if (route.subresource !== null) return subresources[route.subresource]
  if (route.name !== '') return named
  // Across all namespaces there is only reading.
  return route.kind.namespaced && route.namespace === '' ? { GET: list } : collection
}
