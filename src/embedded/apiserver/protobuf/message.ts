/**
 * A protobuf message of a Kubernetes type as the JSON that it stands for. Kubernetes writes every plain field, even an
 * empty one: such a field says nothing and is left out, as its JSON form would leave it out.
 */
import { assertNever } from '../../../base/assert.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import type { Field, FieldType, Shape, StructType } from '../schema/go-types.ts'
import { structType } from '../schema/go-types.ts'
import type { Tag } from './wire.ts'
import { WireProblem, WireReader, wire } from './wire.ts'

export function decodeMessage(type: StructType, bytes: Buffer): JsonObject {
  const reader = new WireReader(bytes)
  const message: JsonObject = {}
  while (!reader.done) {
    const tag = reader.tag(type.goName)
    const target = type.numbers.get(tag.number)
    if (target === undefined) reader.skip(tag)
    else if ('fields' in target) {
      requireWire(tag, wire.bytes, target.goName)
      Object.assign(message, decodeMessage(target, reader.chunk()))
    } else readField(reader, tag, target, message)
  }
  for (const field of type.fields.values())
    if (field.optional && !field.type.pointer && isZero(message[field.name]))
      Reflect.deleteProperty(message, field.name)
  return message
}

function isZero(value: Json | undefined): boolean {
  if (value === '' || value === 0 || value === false) return true
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function readField(reader: WireReader, tag: Tag, { name, type }: Field, message: JsonObject): void {
  const { shape } = type
  if (shape.type === 'list' && !shape.wrapped) {
    const present = message[name]
    const items = Array.isArray(present) ? present : []
    message[name] = [...items, ...readItems(reader, tag, name, shape.items)]
  } else if (shape.type === 'map') {
    requireWire(tag, wire.bytes, name)
    const present = message[name]
    message[name] = {
      ...(isObject(present) ? present : {}),
      ...readEntry(reader.chunk(), name, shape.values),
    }
  } else {
    const value = readValue(reader, tag, name, type)
    if (value === null) Reflect.deleteProperty(message, name)
    else message[name] = value
  }
}

/** Numbers may come packed: many in one chunk. */
function readItems(reader: WireReader, tag: Tag, name: string, items: FieldType): Json[] {
  if (items.shape.type !== 'integer' || tag.wireType !== wire.bytes)
    return [readValue(reader, tag, name, items)]
  const packed = new WireReader(reader.chunk())
  const values: Json[] = []
  while (!packed.done) values.push(integer(packed.varint()))
  return values
}

function readEntry(bytes: Buffer, name: string, values: FieldType): JsonObject {
  const reader = new WireReader(bytes)
  let key = ''
  let value: Json = emptyValue(values)
  while (!reader.done) {
    const tag = reader.tag(name)
    if (tag.number === 1 && tag.wireType === wire.bytes) key = reader.chunk().toString('utf8')
    else if (tag.number === 2) value = readValue(reader, tag, name, values)
    else reader.skip(tag)
  }
  return key === '__proto__' ? {} : { [key]: value }
}

function emptyValue({ shape }: FieldType): Json {
  if (shape.type === 'quantity') return '0'
  if (shape.type === 'list') return []
  return shape.type === 'struct' ? {} : ''
}

function readValue(reader: WireReader, tag: Tag, name: string, { shape }: FieldType): Json {
  switch (shape.type) {
    case 'integer':
    case 'boolean': {
      requireWire(tag, wire.varint, name)
      const value = reader.varint()
      return shape.type === 'boolean' ? value !== 0n : integer(value)
    }
    case 'float':
      requireWire(tag, wire.fixed64, name)
      return reader.take(8).readDoubleLE()
    default:
      requireWire(tag, wire.bytes, name)
      return readChunk(reader.chunk(), name, shape)
  }
}

type ChunkShape = Exclude<Shape, { type: 'integer' } | { type: 'boolean' } | { type: 'float' }>

function readChunk(chunk: Buffer, name: string, shape: ChunkShape): Json {
  switch (shape.type) {
    case 'string':
      return chunk.toString('utf8')
    case 'bytes':
      return chunk.toString('base64')
    case 'struct':
      return decodeMessage(structType(shape.name), chunk)
    case 'quantity':
      return firstOf(members(chunk, name), 1)?.toString('utf8') ?? '0'
    case 'intOrString':
      return intOrString(members(chunk, name))
    case 'time':
      return time(members(chunk, name), shape.micro)
    case 'duration':
      return `${Number(numberOf(members(chunk, name), 1)) / 1e9}s`
    case 'raw':
      return rawJson(firstOf(members(chunk, name), 1))
    case 'list':
      return members(chunk, name).flatMap(({ number, value }) =>
        number === 1 && typeof value !== 'bigint' ? [value.toString('utf8')] : [],
      )
    case 'map':
      throw new WireProblem(`proto: ${name}: a map within a map`)
    default:
      return assertNever(shape)
  }
}

interface Member {
  number: number
  value: bigint | Buffer
}

/** The members of the small messages that have a form of their own in JSON. */
function members(chunk: Buffer, name: string): Member[] {
  const reader = new WireReader(chunk)
  const found: Member[] = []
  while (!reader.done) {
    const tag = reader.tag(name)
    if (tag.wireType === wire.varint) found.push({ number: tag.number, value: reader.varint() })
    else if (tag.wireType === wire.bytes) found.push({ number: tag.number, value: reader.chunk() })
    else reader.skip(tag)
  }
  return found
}

function firstOf(found: Member[], number: number): Buffer | null {
  const value = found.findLast(member => member.number === number)?.value
  return value === undefined || typeof value === 'bigint' ? null : value
}

function numberOf(found: Member[], number: number): bigint {
  const value = found.findLast(member => member.number === number)?.value
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) : 0n
}

function intOrString(found: Member[]): Json {
  return numberOf(found, 1) === 1n
    ? (firstOf(found, 3)?.toString('utf8') ?? '')
    : integer(BigInt.asIntN(32, numberOf(found, 2)))
}

/** The furthest that a date can be from 1970. */
const secondsLimit = 8_640_000_000_000n

/** Null is Go's zero time, which is no time at all. */
function time(found: Member[], micro: boolean): string | null {
  const seconds = numberOf(found, 1)
  const nanos = numberOf(found, 2)
  if (seconds === 0n && nanos === 0n) return null
  if (seconds > secondsLimit || seconds < -secondsLimit)
    throw new WireProblem('Time.MarshalJSON: year outside of range [0,9999]')
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -'.000Z'.length)
  return micro ? `${whole}.${String(nanos / 1000n).padStart(6, '0')}Z` : `${whole}Z`
}

function rawJson(bytes: Buffer | null): Json {
  if (bytes === null || bytes.length === 0) return null
  try {
    return JSON.parse(bytes.toString('utf8')) as Json
  } catch {
    throw new WireProblem('a raw extension must hold JSON')
  }
}

function integer(value: bigint): number {
  return Number(BigInt.asIntN(64, value))
}

/** Go's name of a field begins with a capital. */
function requireWire({ wireType }: Tag, wanted: number, name: string): void {
  if (wireType === wanted) return
  const field = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
  throw new WireProblem(`proto: wrong wireType = ${wireType} for field ${field}`)
}
