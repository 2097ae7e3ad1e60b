/**
 * Makes a typed object of what a client sent: null members dropped, numbers as quantities turned into strings, and a
 * 400 for a field of the wrong JSON type, as Go's decoder gives. Everything behind this door may trust the types.
 */
import { tidyCopy } from '../../store/json.ts'
import type { KubeObject } from '../../../kube/types.ts'
import { assertNever } from '../../../base/assert.ts'
import { badRequest } from '../api-errors.ts'
import type { ResourceKind } from '../resources.ts'
import { apiVersionOf } from '../resources.ts'
import type { Fields, Shape } from './shapes.ts'
import { shapeOf } from './shapes.ts'

export function decodeObject(kind: ResourceKind, input: unknown): KubeObject {
  const object = tidyCopy(input)
  const found = misfit(shapeOf(kind.resource), object, '')
  if (found !== null) throw badRequest(misfitMessage(kind, found))
  const typed = object as Partial<KubeObject>
  const apiVersion = apiVersionOf(kind)
  if ((typed.kind ?? kind.kind) !== kind.kind || (typed.apiVersion ?? apiVersion) !== apiVersion) {
    const got = `no kind "${typed.kind ?? ''}" is registered for version "${typed.apiVersion ?? ''}"`
    throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${got}`)
  }
  const metadata = { ...typed.metadata, name: typed.metadata?.name ?? '' }
  return { ...typed, apiVersion, kind: kind.kind, metadata }
}

interface Misfit {
  path: string
  got: string
  wanted: string
}

function misfitMessage(kind: ResourceKind, { path, got, wanted }: Misfit): string {
  const field = path === '' ? kind.kind : `struct field ${kind.kind}${path}`
  return (
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ` +
    `json: cannot unmarshal ${got} into Go ${field} of type ${wanted}`
  )
}

function misfit(shape: Shape, value: unknown, path: string): Misfit | null {
  const wrong = (wanted: string): Misfit => ({ path, got: jsonType(value), wanted })
  if (typeof shape === 'object') return misfitOfMembers(shape, value, path)
  switch (shape) {
    case 'string':
      return typeof value === 'string' ? null : wrong('string')
    case 'boolean':
      return typeof value === 'boolean' ? null : wrong('bool')
    case 'integer':
      return Number.isSafeInteger(value) ? null : wrong('int32')
    case 'intOrString':
      return Number.isSafeInteger(value) || typeof value === 'string' ? null : wrong('intstr.IntOrString')
    case 'quantity':
      return typeof value === 'number' || typeof value === 'string' ? null : wrong('resource.Quantity')
    case 'object':
      return jsonType(value) === 'object' ? null : wrong('struct')
    default:
      return assertNever(shape)
  }
}

function misfitOfMembers(shape: Exclude<Shape, string>, value: unknown, path: string): Misfit | null {
  if ('list' in shape) {
    if (!Array.isArray(value)) return { path, got: jsonType(value), wanted: '[]' }
    return firstOf(value, item => misfit(shape.list, item, path))
  }
  if (jsonType(value) !== 'object') return { path, got: jsonType(value), wanted: 'struct' }
  const members = value as Record<string, unknown>
  if ('map' in shape) {
    if (shape.map === 'quantity') textQuantities(members)
    return firstOf(Object.values(members), member => misfit(shape.map, member, path))
  }
  return misfitOfFields(shape, members, path)
}

function misfitOfFields({ fields }: Fields, members: Record<string, unknown>, path: string): Misfit | null {
  return firstOf(Object.keys(members), key => {
    const shape = Object.hasOwn(fields, key) ? fields[key] : undefined
    return shape === undefined ? null : misfit(shape, members[key], `${path}.${key}`)
  })
}

/** `cpu: 1` is allowed, and stored as "1". */
function textQuantities(members: Record<string, unknown>): void {
  for (const [key, member] of Object.entries(members))
    if (typeof member === 'number') members[key] = String(member)
}

function firstOf<T>(items: T[], find: (item: T) => Misfit | null): Misfit | null {
  for (const item of items) {
    const found = find(item)
    if (found !== null) return found
  }
  return null
}

function jsonType(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
