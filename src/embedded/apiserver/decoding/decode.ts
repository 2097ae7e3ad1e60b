/**
 * Makes a typed object of what a client sent. Everything behind this door may trust the types; what the type does not
 * know is gone.
 */
import type { KubeObject } from '../../../kube/types.ts'
import type { Json } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import type { ApiError } from '../../cluster-api.ts'
import { badRequest } from '../api-errors.ts'
import type { ResourceKind } from '../resources.ts'
import { apiVersionOf } from '../resources.ts'
import type { StructType } from '../schema/go-types.ts'
import { typeOfKind } from '../schema/kind-types.ts'
import type { TypedCopy } from './typed-copy.ts'
import { Misfit, jsonType, typedCopy } from './typed-copy.ts'

/** What a body must be: a served kind, or one of the small kinds that subresources take. */
export type BodyKind = Pick<ResourceKind, 'group' | 'version' | 'kind'>

/** Nobody can tell what it is: no JSON, or of no kind that is taken here. */
export class Unrecognized extends Error {
  override name = 'Unrecognized'
}

/** For what is decoded already, or comes from within: no questions about unknown fields. */
export function decodeObject(kind: ResourceKind, input: unknown): KubeObject {
  // Whatever it is, the copy takes over only what is JSON of the right type.
  const body = (input ?? null) as Json
  const object = recognized(kind, body).object as unknown as Partial<KubeObject>
  const metadata = { ...object.metadata, name: object.metadata?.name ?? '' }
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata }
}

function recognized(kind: ResourceKind, body: Json): TypedCopy {
  try {
    return decodeBody(kind, body)
  } catch (error) {
    throw error instanceof Unrecognized ? unrecognized(kind, error.message) : error
  }
}

/** A body as it came, with all that strict decoding would complain about. */
export function decodeBody(
  kind: BodyKind,
  body: Json,
  keys?: ReadonlyMap<object, readonly string[]>,
): TypedCopy {
  requireKind(kind, body)
  return typed(kind, typeOfKind(kind), body, keys)
}

export function cannotHandle({ version, kind }: BodyKind, why: string): ApiError {
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`)
}

export function unrecognized({ kind }: BodyKind, why: string): ApiError {
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why}`)
}

function typed(
  kind: BodyKind,
  type: StructType,
  body: Json,
  keys?: ReadonlyMap<object, readonly string[]>,
): TypedCopy {
  try {
    return typedCopy(type, isObject(body) ? body : {}, keys)
  } catch (error) {
    if (error instanceof Misfit) throw cannotHandle(kind, error.message)
    throw error
  }
}

/** A body may leave out what it is; if it says it, it must be what the URL takes. */
function requireKind(wanted: BodyKind, body: Json): void {
  if (body !== null && !isObject(body)) {
    const fields = `struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`
    throw versionUnknown(`json: cannot unmarshal ${jsonType(body)} into Go value of type ${fields}`)
  }
  const given = body ?? {}
  for (const field of ['apiVersion', 'kind'] as const) {
    const value = given[field] ?? ''
    if (typeof value === 'string') continue
    const why = `json: cannot unmarshal ${jsonType(value)} into Go struct field .${field} of type string`
    throw versionUnknown(why)
  }
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
  requireNames(wanted, text(given['apiVersion']), text(given['kind']))
}

function requireNames(wanted: BodyKind, apiVersion: string, kind: string): void {
  const parts = apiVersion.split('/')
  if (parts.length > 2) throw new Unrecognized(`unexpected GroupVersion string: ${apiVersion}`)
  const own = wanted.group === '' ? wanted.version : `${wanted.group}/${wanted.version}`
  if ((kind === '' || kind === wanted.kind) && (apiVersion === '' || apiVersion === own)) return
  const name = kind === '' ? wanted.kind : kind
  const version = apiVersion === '' ? own : apiVersion
  const registered = `no kind ${JSON.stringify(name)} is registered for version ${JSON.stringify(version)}`
  const short = JSON.stringify(version.slice(version.indexOf('/') + 1))
  throw badRequest(
    `${name} in version ${short} cannot be handled as a ${wanted.kind}: ${registered} in scheme "pkg/runtime/scheme.go:110"`,
  )
}

export function versionUnknown(why: string): Unrecognized {
  return new Unrecognized(`couldn't get version/kind; json parse error: ${why}`)
}
