/** POST, PUT, PATCH and DELETE of objects and of their status. */
import type { KubeObject } from '../../../kube/types.ts'
import { ApiError } from '../../cluster-api.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import { badRequest, conflict, detailsOf, invalid, invalidOptions, success } from '../api-errors.ts'
import type { WriteOptions } from '../object-writes.ts'
import type { ResourceKind } from '../resources.ts'
import { writerOf } from '../ownership.ts'
import { applyConfiguration } from '../patch/apply.ts'
import type { PatchType } from '../patch/patch.ts'
import { patched, patchTypeOf } from '../patch/patch.ts'
import { apiVersionOf, kindOf } from '../resources.ts'
import { Problems } from '../validation/problems.ts'
import { asServed, asStored } from '../views/view.ts'
import type { Exchange } from './exchange.ts'
import { readDeleteOptions, readObject, readPatch } from './bodies.ts'
import { mediaTypeOf, sendJson, sendText } from './exchange.ts'
import { checkApplied, checkPatched } from './field-validation.ts'
import { listText, sendObject } from './reads.ts'
import type { ResourceRoute } from './route.ts'
import { selectionOf } from './selection.ts'
import type { ServerContext } from './server-context.ts'
import { deleteRequest, isSet, managerOf, trackedOptions, writeOptions } from './write-options.ts'

export async function createFromBody(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const options = trackedOptions(exchange, 'CreateOptions')
  const body = placed(await readObject(exchange, route.kind), route)
  const object = context.registry.post(route.kind.resource, storedForm(route, body, null), options)
  sendWritten(context, exchange, route, object, 201)
}

export async function replaceFromBody(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const options = trackedOptions(exchange, 'UpdateOptions', route.subresource ?? '')
  const body = placed(await readObject(exchange, route.kind), route)
  if (nameOf(body) === '')
    throw badRequest(
      `the name of the object (${route.name} based on URL) was undeterminable: name must be provided`,
    )
  const current = existing(context, route)
  const next = storedForm(route, body, current)
  const object = context.registry.put(route.kind.resource, next, partOf(route), options)
  sendWritten(context, exchange, route, object, current === null ? 201 : 200)
}

export async function patchObject(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const type = patchTypeOf(mediaTypeOf(exchange))
  checkPatchOptions(exchange, type)
  const options = trackedOptions(exchange, 'PatchOptions', route.subresource ?? '')
  const body = await readPatch(exchange)
  const { registry } = context
  const { kind, namespace, name } = route
  if (type === 'apply') {
    applyObject(context, exchange, route, body.value)
    return
  }
  const current = registry.read(kind.resource, namespace, name)
  const result = patched(type, kind.resource, asJson(asServed(kind, current)), body.value)
  const served = placed(checkPatched(exchange, kind, result, body, type === 'strategic'), route)
  checkIdentity(route, current, served)
  const next = storedForm(route, served, current)
  sendWritten(context, exchange, route, registry.put(kind.resource, next, partOf(route), options), 200)
}

function checkPatchOptions({ query }: Exchange, type: PatchType): void {
  const problems = new Problems()
  if (type === 'apply' && (query.get('fieldManager') ?? '') === '')
    problems.required('fieldManager', 'is required for apply patch')
  if (type !== 'apply' && query.has('force'))
    problems.forbidden('force', 'may not be specified for non-apply patch')
  if (problems.list.length > 0) throw invalidOptions('PatchOptions', problems.list)
}

/** What goes into the store, checked by the rules of the form that it came in. */
function storedForm({ kind }: ResourceRoute, body: JsonObject, current: KubeObject | null): JsonObject {
  const next = asStored(kind, body)
  checkView(kind, next, current)
  return next
}

function checkView(kind: ResourceKind, next: JsonObject, current: KubeObject | null): void {
  const problems = new Problems()
  kind.view?.check(problems, next, current === null ? null : asJson(current))
  if (problems.list.length > 0) throw invalid(kindOf(kind.resource), nameOf(next), problems.list)
}

/** A patch may not turn the object into another one. */
function checkIdentity({ kind, name }: ResourceRoute, current: KubeObject, next: JsonObject): void {
  const metadata = isObject(next['metadata']) ? next['metadata'] : {}
  const uid = metadata['uid']
  if (uid === undefined || uid === null || uid === current.metadata.uid) return
  const problems = new Problems()
  // Two of Kubernetes's checks find it.
  problems.invalid('metadata.uid', uid, 'field is immutable')
  problems.invalid('metadata.uid', uid, 'field is immutable')
  throw invalid(kind, name, problems.list)
}

function applyObject(context: ServerContext, exchange: Exchange, route: ResourceRoute, patch: Json): void {
  const { registry, clock } = context
  const { kind, name } = route
  const { query } = exchange
  const subresource = route.subresource ?? ''
  checkAppliedKind(route, patch)
  checkApplied(kind, patch)
  const current = existing(context, route)
  const configuration = asStored(kind, named(placed(patch, route), name))
  const writer = writerOf(clock, kindOf(kind.resource), { manager: managerOf(exchange), subresource })
  const next = applyConfiguration(kind.resource, current === null ? null : asJson(current), configuration, {
    ...writer,
    force: isSet(query, 'force'),
  })
  checkView(kind, next, current)
  const options: WriteOptions = { ...writeOptions(query), tracking: 'recorded' }
  if (current !== null || subresource !== '') {
    const object = registry.put(kind.resource, next, partOf(route), options)
    sendWritten(context, exchange, route, object, 200)
    return
  }
  const { uid } = isObject(next['metadata']) ? next['metadata'] : {}
  if (typeof uid === 'string' && uid !== '')
    throw conflict(
      kind,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    )
  sendWritten(context, exchange, route, registry.post(kind.resource, next, options), 201)
}

function checkAppliedKind({ kind }: ResourceRoute, patch: Json): void {
  const { apiVersion, kind: given } = isObject(patch) ? patch : {}
  if (given === kind.kind && apiVersion === apiVersionOf(kind)) return
  const text = typeof apiVersion === 'string' ? apiVersion : ''
  const version = text.includes('/') ? text : `/${text}`
  throw badRequest(`invalid object type: ${version}, Kind=${typeof given === 'string' ? given : ''}`)
}

/** The answer to a write; of a kind on which nothing acts here, it says so. */
function sendWritten(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
  object: KubeObject,
  code: number,
): void {
  if (route.kind.storedOnly)
    exchange.response.appendHeader(
      'Warning',
      `299 - "${route.kind.kind} is stored, but nothing acts on it in the embedded cluster"`,
    )
  sendObject(context, exchange, route, object, code)
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
  else {
    const { code, ...status } = success({ ...detailsOf(kind, name), uid: object.metadata.uid ?? '' })
    sendJson(exchange, code ?? 200, status)
  }
}

export async function deleteCollection(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const request = deleteRequest(exchange.query, await readDeleteOptions(exchange))
  const { registry } = context
  const { kind } = route
  const { matches } = selectionOf(route, exchange.query)
  const { items, revision } = registry.snapshot(
    kind.resource,
    route.namespace === '' ? undefined : route.namespace,
  )
  const deleted = items.filter(matches)
  for (const { metadata } of deleted)
    registry.remove(kind.resource, metadata.namespace ?? '', metadata.name, request)
  const page = { items: deleted, revision, continueToken: '', remaining: null }
  sendText(exchange, 200, listText(context, route, page), 'application/json')
}

/** The body with the place that the URL names; a body that names another one is refused. */
export function placed(body: Json, { kind, namespace, name }: ResourceRoute): JsonObject {
  if (!isObject(body)) throw badRequest(`the request body is not a ${kind.kind}`)
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  const given = { name: metadata['name'] ?? '', namespace: metadata['namespace'] ?? '' }
  if (name !== '' && given.name !== '' && given.name !== name)
    throw badRequest(
      `the name of the object (${typeof given.name === 'string' ? given.name : JSON.stringify(given.name)}) does not match the name on the URL (${name})`,
    )
  if (namespace !== '' && given.namespace !== '' && given.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  return namespace === '' ? { ...body, metadata } : { ...body, metadata: { ...metadata, namespace } }
}

/** An applied configuration may leave its name to the URL. */
function named(body: JsonObject, name: string): JsonObject {
  if (nameOf(body) !== '' || !isObject(body['metadata'])) return body
  return { ...body, metadata: { ...body['metadata'], name } }
}

function nameOf({ metadata }: JsonObject): string {
  const name = isObject(metadata) ? metadata['name'] : undefined
  return typeof name === 'string' ? name : ''
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
