/**
 * From JSON to an object of a Kubernetes type, as Go's decoder sees it: unknown fields are dropped and remembered, null
 * counts as absent, and the first value of a wrong type is a misfit in Go's words.
 */
import { assertNever } from '../../../base/assert.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { copyJson, isObject } from '../../store/json.ts'
import type { FieldType, StructType } from '../schema/go-types.ts'
import { structType } from '../schema/go-types.ts'

/** In the words of Go's decoder. */
export class Misfit extends Error {
  override name = 'Misfit'
  /** What Kubernetes says of the same value where it converts a merged object instead of reading a text. */
  readonly whenConverted: string

  constructor(message: string, whenConverted = message) {
    super(message)
    this.whenConverted = whenConverted
  }
}

export interface TypedCopy {
  object: JsonObject
  /** `unknown field "spec.foo"`, `duplicate field "metadata.name"`, in the order of the text. */
  problems: string[]
}

interface Reading {
  keys: ReadonlyMap<object, readonly string[]>
  problems: string[]
}

/** Where a value stands: for errors the Go struct and its field, for strict decoding the path with list indexes. */
interface Place {
  struct: string
  fields: string
  path: string
}

const noKeys: ReadonlyMap<object, readonly string[]> = new Map<object, readonly string[]>()

export function typedCopy(type: StructType, value: JsonObject, keys = noKeys): TypedCopy {
  const reading: Reading = { keys, problems: [] }
  const object = copyStruct(reading, type, value, { struct: type.goName, fields: '', path: '' })
  return { object, problems: [...new Set(reading.problems)] }
}

function copyStruct(reading: Reading, type: StructType, value: JsonObject, place: Place): JsonObject {
  const copy: JsonObject = {}
  const inside = place.fields === '' ? '' : `${place.fields}.`
  eachMember(reading, value, place.path, (key, member, path) => {
    const field = type.fields.get(key)
    if (field === undefined) reading.problems.push(`unknown field "${path}"`)
    else if (member !== null) {
      const at = { struct: type.goName, fields: `${inside}${key}`, path }
      copy[key] = copyValue(reading, field.type, member, at)
    }
  })
  return copy
}

function eachMember(
  reading: Reading,
  value: JsonObject,
  path: string,
  visit: (key: string, member: Json, path: string) => void,
): void {
  const seen = new Set<string>()
  for (const key of reading.keys.get(value) ?? Object.keys(value)) {
    const here = path === '' ? key : `${path}.${key}`
    const member = value[key]
    if (seen.has(key)) reading.problems.push(`duplicate field "${here}"`)
    else if (member !== undefined) visit(key, member, here)
    seen.add(key)
  }
}

function copyValue(reading: Reading, type: FieldType, value: Json, place: Place): Json {
  const { shape } = type
  switch (shape.type) {
    case 'struct':
      if (!isObject(value)) throw misfit(value, type, place)
      return copyStruct(reading, structType(shape.name), value, place)
    case 'list':
      if (!Array.isArray(value)) throw misfit(value, type, place)
      return value.map((item, index) =>
        copyItem(reading, shape.items, item, { ...place, path: `${place.path}[${index}]` }),
      )
    case 'map':
      if (!isObject(value)) throw misfit(value, type, place)
      return copyMap(reading, shape.values, value, place)
    case 'raw':
      return copyJson(value)
    default:
      return scalar(type, shape.type === 'integer' ? shape.bits : shape.type, value, place)
  }
}

function copyMap(reading: Reading, values: FieldType, value: JsonObject, place: Place): JsonObject {
  const copy: JsonObject = {}
  eachMember(reading, value, place.path, (key, member, path) => {
    // As a key it would set the prototype.
    if (key !== '__proto__') copy[key] = copyItem(reading, values, member, { ...place, path })
  })
  return copy
}

/** In a list or map a null is the type's zero value. */
function copyItem(reading: Reading, type: FieldType, value: Json, place: Place): Json {
  return copyValue(reading, type, value ?? zeroOf(type), place)
}

function zeroOf({ shape }: FieldType): Json {
  switch (shape.type) {
    case 'struct':
    case 'map':
    case 'raw':
      return {}
    case 'list':
      return []
    case 'integer':
    case 'float':
    case 'intOrString':
      return 0
    case 'boolean':
      return false
    case 'quantity':
      return '0'
    default:
      return ''
  }
}

type Scalar =
  32 | 64 | 'string' | 'boolean' | 'float' | 'bytes' | 'quantity' | 'intOrString' | 'duration' | 'time'

function scalar(type: FieldType, shape: Scalar, value: Json, place: Place): Json {
  switch (shape) {
    case 32:
    case 64:
      return wholeNumber(value, shape, type, place)
    case 'string':
    case 'duration':
      return ofType('string', value, type, place)
    case 'boolean':
      return ofType('boolean', value, type, place)
    case 'float':
      return ofType('number', value, type, place)
    case 'bytes':
      return base64(ofType('string', value, type, place))
    case 'quantity':
      return quantity(value)
    case 'intOrString':
      return typeof value === 'string' ? value : wholeNumber(value, 32, { ...type, goName: 'int32' }, place)
    case 'time':
      return time(ofType('string', value, { ...type, goName: 'string' }, place))
    default:
      return assertNever(shape)
  }
}

type Primitive = { string: string; boolean: boolean; number: number }

function ofType<T extends keyof Primitive>(
  wanted: T,
  value: Json,
  type: FieldType,
  place: Place,
): Primitive[T] {
  if (typeof value !== wanted) throw misfit(value, type, place)
  return value as Primitive[T]
}

function wholeNumber(value: Json, bits: 32 | 64, type: FieldType, place: Place): number {
  if (typeof value !== 'number') throw misfit(value, type, place)
  const fits = Number.isInteger(value) && (bits === 64 ? Math.abs(value) <= 2 ** 63 : value === (value | 0))
  if (!fits) throw misfit(value, type, place, `number ${value}`)
  return value
}

function misfit(value: Json, type: FieldType, place: Place, got = jsonType(value)): Misfit {
  const field = `${place.struct}.${place.fields}`
  return new Misfit(
    `json: cannot unmarshal ${got} into Go struct field ${field} of type ${type.goName}`,
    misfitOfConversion(value, type),
  )
}

/** The words of k8s.io/apimachinery pkg/runtime/converter.go; none for types that read their own JSON. */
function misfitOfConversion(value: Json, { shape, goName }: FieldType): string | undefined {
  const got = goKind(value)
  switch (shape.type) {
    case 'struct':
      return `cannot restore struct from: ${got}`
    case 'list':
    case 'bytes':
      return `cannot restore slice from ${got}`
    case 'map':
      return `cannot restore map from ${got}`
    case 'integer':
      if (got === 'int64') return undefined
      return got === 'float64' ? `cannot convert float64 to ${goName}` : `unrecognized type: int${shape.bits}`
    case 'string':
      return got === 'int64' ? `cannot convert int64 to ${goName}` : 'unrecognized type: string'
    case 'boolean':
      return 'unrecognized type: bool'
    case 'float':
      return 'unrecognized type: float64'
    default:
      return undefined
  }
}

function goKind(value: Json): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? 'slice' : 'map'
}

const quantityPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/

/** `cpu: 1` is allowed, and stored as "1". */
function quantity(value: Json): string {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text === 'string' && quantityPattern.test(text)) return text
  throw new Misfit(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  )
}

function base64(text: string): string {
  const clean = text.replaceAll(/[\r\n]/g, '')
  const wrong = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/.exec(clean)?.[0].length ?? 0
  if (wrong === clean.length) return clean
  const stray = clean.slice(wrong).search(/[^A-Za-z0-9+/]/)
  throw new Misfit(`illegal base64 data at input byte ${stray < 0 ? clean.length : wrong + stray}`)
}

/** The layout of RFC 3339, as Go writes layouts. */
const timeLayout = '2006-01-02T15:04:05Z07:00'

function time(text: string): string {
  if (/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text)) return text
  const shown = JSON.stringify(text)
  throw new Misfit(`parsing time ${shown} as "${timeLayout}": cannot parse ${shown} as "2006"`)
}

export function jsonType(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
