/** scale, eviction and binding: small objects of their own that act on the object they hang on. */
import type { Deployment, KubeObject, ReplicaSet } from '../../../kube/types.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import { badRequest, success } from '../api-errors.ts'
import { applyConfiguration } from '../patch/apply.ts'
import { patched, patchTypeOf } from '../patch/patch.ts'
import { timestamp } from '../instants.ts'
import type { Exchange } from './exchange.ts'
import { readObject, readPatch } from './bodies.ts'
import { mediaTypeOf, sendJson, sendStatus } from './exchange.ts'
import type { ResourceRoute } from './route.ts'
import type { ServerContext } from './server-context.ts'
import { deleteRequest, managerOf, trackedOptions, writeOptions } from './write-options.ts'

type Scalable = Deployment | ReplicaSet

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' }
const bindingKind = { group: '', version: 'v1', kind: 'Binding' }

export function readScale(context: ServerContext, exchange: Exchange, route: ResourceRoute): void {
  sendJson(exchange, 200, scaleOf(readScalable(context, route)))
}

export async function replaceScale(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  writeScale(context, exchange, route, await readObject(exchange, scaleKind))
}

export async function patchScale(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const type = patchTypeOf(mediaTypeOf(exchange))
  const { value: patch } = await readPatch(exchange)
  const current = scaleOf(readScalable(context, route))
  if (type !== 'apply') {
    writeScale(context, exchange, route, patched(type, route.kind.resource, current, patch))
    return
  }
  if (!isObject(patch)) throw badRequest('the request body is not a Scale')
  const writer = { manager: managerOf(exchange), apiVersion: 'autoscaling/v1', subresource: 'scale' }
  const time = timestamp(context.clock.nowUs())
  const options = { ...writer, force: true, time, ignored: [] }
  writeScale(context, exchange, route, applyConfiguration(route.kind.resource, current, patch, options))
}

function readScalable({ registry }: ServerContext, { kind, namespace, name }: ResourceRoute): Scalable {
  return registry.read(kind.resource, namespace, name) as Scalable
}

function writeScale(context: ServerContext, exchange: Exchange, route: ResourceRoute, scale: Json): void {
  const spec = isObject(scale) ? scale['spec'] : undefined
  const replicas = isObject(spec) ? (spec['replicas'] ?? 0) : undefined
  if (typeof replicas !== 'number')
    throw badRequest('the request body is not a Scale: spec.replicas must be a number')
  const object = readScalable(context, route)
  const metadata = isObject(scale) && isObject(scale['metadata']) ? scale['metadata'] : {}
  const resourceVersion = metadata['resourceVersion']
  const next = {
    ...object,
    metadata: {
      ...object.metadata,
      resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    },
    spec: { ...object.spec, replicas },
  }
  const stored = context.registry.put(
    route.kind.resource,
    next,
    'main',
    trackedOptions(exchange, 'UpdateOptions', 'scale'),
  )
  sendJson(exchange, 200, scaleOf(stored as Scalable))
}

function scaleOf({ metadata, spec, status }: Scalable): JsonObject {
  const { name, namespace = '', uid = '', resourceVersion = '', creationTimestamp = '' } = metadata
  const pairs = Object.entries(spec.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: pairs.join(',') },
  }
}

export async function evict(
  { registry }: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const body = await readObject(exchange, evictionKind)
  checkName(body, route, 'Eviction')
  const request = deleteRequest(exchange.query, body['deleteOptions'] ?? null)
  sendStatus(exchange, registry.evict(route.namespace, route.name, request))
}

export async function bind(
  { registry }: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const body = await readObject(exchange, bindingKind)
  checkName(body, route, 'Binding')
  const target = body['target']
  const node = isObject(target) ? target['name'] : undefined
  if (typeof node !== 'string') throw badRequest('target.name: Required value')
  registry.bindTo(route.namespace, route.name, node, writeOptions(exchange.query))
  sendStatus(exchange, success(undefined, 201))
}

function checkName(body: JsonObject, { name }: ResourceRoute, what: string): void {
  const metadata = body['metadata'] as Partial<KubeObject['metadata']> | undefined
  const given = metadata?.name ?? ''
  if (given !== '' && given !== name) throw badRequest(`name in URL does not match name in ${what} object`)
}
