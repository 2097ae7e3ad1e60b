/** POST, PUT, PATCH and DELETE of objects and of their status. */
import type { KubeObject } from '../../../kube/types.ts'
import { ApiError } from '../../cluster-api.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import { badRequest, detailsOf, success } from '../api-errors.ts'
import { timestamp } from '../instants.ts'
import { applyConfiguration } from '../patch/apply.ts'
import { patched, patchTypeOf } from '../patch/patch.ts'
import type { Exchange } from './exchange.ts'
import { readDeleteOptions, readObject, readPatch } from './bodies.ts'
import { mediaTypeOf, sendStatus, sendText } from './exchange.ts'
import { checkApplied, checkPatched } from './field-validation.ts'
import { listText, sendObject } from './reads.ts'
import type { ResourceRoute } from './route.ts'
import { selectionOf } from './selection.ts'
import type { ServerContext } from './server-context.ts'
import { deleteRequest, isSet, writeOptions } from './write-options.ts'

export async function createFromBody(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const body = placed(await readObject(exchange, route.kind), route)
  const object = context.registry.post(route.kind.resource, body, writeOptions(exchange.query))
  sendObject(context, exchange, route, object, 201)
}

export async function replaceFromBody(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const body = placed(await readObject(exchange, route.kind), route)
  const object = context.registry.put(route.kind.resource, body, partOf(route), writeOptions(exchange.query))
  sendObject(context, exchange, route, object)
}

export async function patchObject(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const type = patchTypeOf(mediaTypeOf(exchange))
  const body = await readPatch(exchange)
  const { registry } = context
  const { kind, namespace, name } = route
  const options = writeOptions(exchange.query)
  if (type === 'apply') {
    applyObject(context, exchange, route, body.value)
    return
  }
  const current = registry.read(kind.resource, namespace, name)
  const result = patched(type, kind.resource, asJson(current), body.value)
  const next = placed(checkPatched(exchange, kind, result, body, type === 'strategic'), route)
  sendObject(context, exchange, route, registry.put(kind.resource, next, partOf(route), options))
}

function applyObject(context: ServerContext, exchange: Exchange, route: ResourceRoute, patch: Json): void {
  const { registry, clock } = context
  const { kind, namespace, name } = route
  const { query } = exchange
  checkApplied(kind, patch)
  const current = existing(context, route)
  const next = applyConfiguration(
    kind.resource,
    current === null ? null : asJson(current),
    placed(patch, route),
    {
      manager: query.get('fieldManager') ?? '',
      force: isSet(query, 'force'),
      time: timestamp(clock.nowUs()),
    },
  )
  const options = writeOptions(query)
  if (current !== null || route.subresource !== null) {
    if (current === null) registry.read(kind.resource, namespace, name)
    sendObject(context, exchange, route, registry.put(kind.resource, next, partOf(route), options))
  } else sendObject(context, exchange, route, registry.post(kind.resource, next, options), 201)
}

export async function deleteNamed(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const request = deleteRequest(exchange.query, await readDeleteOptions(exchange))
  const { kind, namespace, name } = route
  const { object, removed } = context.registry.remove(kind.resource, namespace, name, request)
  // A pod is answered with itself in any case (semantics §10.1).
  if (!removed || kind.resource === 'pods') sendObject(context, exchange, route, object)
  else sendStatus(exchange, success({ ...detailsOf(kind, name), uid: object.metadata.uid ?? '' }))
}

export async function deleteCollection(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const request = deleteRequest(exchange.query, await readDeleteOptions(exchange))
  const { registry } = context
  const { kind } = route
  const matches = selectionOf(route, exchange.query)
  const { items } = registry.snapshot(kind.resource, route.namespace === '' ? undefined : route.namespace)
  const deleted: KubeObject[] = []
  for (const { metadata } of items.filter(matches))
    deleted.push(registry.remove(kind.resource, metadata.namespace ?? '', metadata.name, request).object)
  sendText(exchange, 200, listText(context, route, deleted, registry.revision()), 'application/json')
}

/** The body with the place that the URL names; a body that names another one is refused. */
export function placed(body: Json, { kind, namespace, name }: ResourceRoute): JsonObject {
  if (!isObject(body)) throw badRequest(`the request body is not a ${kind.kind}`)
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  const given = { name: metadata['name'] ?? '', namespace: metadata['namespace'] ?? '' }
  if (name !== '' && given.name !== '' && given.name !== name)
    throw badRequest(
      `the name of the object (${JSON.stringify(given.name)}) does not match the name on the URL (${name})`,
    )
  if (namespace !== '' && given.namespace !== '' && given.namespace !== namespace)
    throw badRequest(
      `the namespace of the provided object does not match the namespace sent on the request (${JSON.stringify(given.namespace)} != ${namespace})`,
    )
  const place: JsonObject = {}
  if (name !== '') place['name'] = name
  if (namespace !== '') place['namespace'] = namespace
  return { ...body, metadata: { ...metadata, ...place } }
}

function partOf({ subresource }: ResourceRoute): 'main' | 'status' {
  return subresource === 'status' ? 'status' : 'main'
}

function existing({ registry }: ServerContext, { kind, namespace, name }: ResourceRoute): KubeObject | null {
  try {
    return registry.read(kind.resource, namespace, name)
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return null
    throw error
  }
}

function asJson(object: KubeObject): JsonObject {
  return object as unknown as JsonObject
}
