/** GET of an object or a collection: as JSON, as metadata alone, or as a Table. */
import type { KubeObject } from '../../../kube/types.ts'
import { badRequest } from '../api-errors.ts'
import { apiVersionOf } from '../resources.ts'
import { metadataOf, tableOf } from '../tables/table.ts'
import type { Exchange } from './exchange.ts'
import { sendJson, sendText } from './exchange.ts'
import { answerForm } from './accept.ts'
import { listOptions, revisionError, revisionOf } from './list-options.ts'
import type { Page } from './pages.ts'
import { pageOf, untilRevision } from './pages.ts'
import type { ResourceRoute } from './route.ts'
import { selectionOf } from './selection.ts'
import type { ServerContext } from './server-context.ts'
import { asServed } from '../views/view.ts'

export async function readObject(
  context: ServerContext,
  exchange: Exchange,
  { kind, namespace, name, ...rest }: ResourceRoute,
): Promise<void> {
  const text = exchange.query.get('resourceVersion') ?? ''
  const revision = revisionOf(text)
  if (revision === null) throw badRequest(`invalid resource version: ${revisionError(text)}`)
  await untilRevision(context, revision)
  const object = context.registry.read(kind.resource, namespace, name)
  sendObject(context, exchange, { kind, namespace, name, ...rest }, object)
}

/** An object as the answer to a read or a write. */
export function sendObject(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
  object: KubeObject,
  code = 200,
): void {
  const form = answerForm(exchange)
  if (form.type === 'json') {
    sendText(exchange, code, `${jsonTextOf(context, route, object)}\n`, 'application/json')
    return
  }
  if (form.type === 'metadata') {
    sendJson(exchange, code, metadataOf(object))
    return
  }
  const resourceVersion = object.metadata.resourceVersion ?? ''
  const nowUs = context.clock.nowUs()
  const options = { include: form.include, headings: true, resourceVersion, nowUs }
  sendJson(exchange, code, tableOf(route.kind, [object], options))
}

export async function listObjects(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const form = answerForm(exchange)
  const options = listOptions(exchange.query, false)
  const page = await pageOf(context, route, selectionOf(route, exchange.query), options)
  if (form.type === 'json') {
    sendText(exchange, 200, listText(context, route, page), 'application/json')
    return
  }
  if (form.type === 'metadata') {
    const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: listMeta(page) }
    sendJson(exchange, 200, { ...head, items: page.items.map(metadataOf) })
    return
  }
  const resourceVersion = String(page.revision)
  const shown = { include: form.include, headings: true, resourceVersion, nowUs: context.clock.nowUs() }
  const table = tableOf(route.kind, page.items, shown)
  sendJson(exchange, 200, { ...table, metadata: listMeta(page) })
}

function listMeta({ revision, continueToken, remaining }: Page): object {
  return {
    resourceVersion: String(revision),
    ...(continueToken === '' ? {} : { continue: continueToken }),
    ...(remaining === null ? {} : { remainingItemCount: remaining }),
  }
}

/** The text of an object in the form of the route. The one of its stored form is made once per version. */
export function jsonTextOf({ registry }: ServerContext, { kind }: ResourceRoute, object: KubeObject): string {
  return kind.view === null ? registry.jsonOf(object) : JSON.stringify(asServed(kind, object))
}

/** Put together from the texts that each version keeps; the items of a list do not repeat what they are. */
export function listText(context: ServerContext, route: ResourceRoute, page: Page): string {
  const { kind } = route
  const apiVersion = apiVersionOf(kind)
  const head = { kind: `${kind.kind}List`, apiVersion, metadata: listMeta(page) }
  const own = `{${JSON.stringify({ kind: kind.kind, apiVersion }).slice(1, -1)},`
  const texts = page.items.map(item => {
    const text = jsonTextOf(context, route, item)
    return text.startsWith(own) ? `{${text.slice(own.length)}` : text
  })
  return `${JSON.stringify(head).slice(0, -1)},"items":[${texts.join(',')}]}\n`
}
