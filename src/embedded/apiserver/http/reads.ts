/** GET of an object or a collection, as JSON, as its metadata or as a Table. */
import type { KubeObject } from '../../../kube/types.ts'
import { apiVersionOf } from '../resources.ts'
import { metadataOf, tableOf } from '../tables/table.ts'
import type { Exchange } from './exchange.ts'
import { sendJson, sendText } from './exchange.ts'
import { answerForm } from './accept.ts'
import type { ResourceRoute } from './route.ts'
import { selectionOf } from './selection.ts'
import type { ServerContext } from './server-context.ts'

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
    sendText(exchange, code, `${context.registry.jsonOf(object)}\n`, 'application/json')
    return
  }
  if (form.type === 'metadata') {
    sendJson(exchange, code, metadataOf(object))
    return
  }
  const resourceVersion = object.metadata.resourceVersion ?? ''
  const nowUs = context.clock.nowUs()
  const options = { include: form.include, headings: true, resourceVersion, nowUs }
  sendJson(exchange, code, tableOf(route.kind.resource, [object], options))
}

export function listObjects(context: ServerContext, exchange: Exchange, route: ResourceRoute): void {
  const { registry, clock } = context
  const { kind, namespace } = route
  const matches = selectionOf(route, exchange.query)
  const { items, revision } = registry.snapshot(kind.resource, namespace === '' ? undefined : namespace)
  const selected = items.filter(matches)
  const form = answerForm(exchange)
  if (form.type === 'table') {
    const options = {
      include: form.include,
      headings: true,
      resourceVersion: String(revision),
      nowUs: clock.nowUs(),
    }
    sendJson(exchange, 200, tableOf(kind.resource, selected, options))
    return
  }
  if (form.type === 'metadata') {
    sendJson(exchange, 200, {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: String(revision) },
      items: selected.map(metadataOf),
    })
    return
  }
  sendText(exchange, 200, listText(context, route, selected, revision), 'application/json')
}

/** Put together from the texts that each version keeps. */
export function listText(
  { registry }: ServerContext,
  { kind }: ResourceRoute,
  items: readonly KubeObject[],
  revision: number,
): string {
  const head = {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: { resourceVersion: String(revision) },
  }
  const texts = items.map(item => registry.jsonOf(item))
  return `${JSON.stringify(head).slice(0, -1)},"items":[${texts.join(',')}]}\n`
}
