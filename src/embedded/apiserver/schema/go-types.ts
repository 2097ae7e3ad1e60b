/**
 * The types of the Kubernetes API: names of fields, protobuf numbers, Go types. `types.json` holds one line per Go type,
 * written by scripts/kubernetes-types.mjs; a line is read when its type is first met, so that starting costs nothing.
 */
import { present } from '../../../base/assert.ts'
import table from './types.json' with { type: 'json' }

export type Shape =
  | { type: 'string' }
  | { type: 'boolean' }
  | { type: 'float' }
  | { type: 'bytes' }
  | { type: 'quantity' }
  | { type: 'intOrString' }
  | { type: 'duration' }
  | { type: 'raw' }
  | { type: 'integer'; bits: 32 | 64 }
  | { type: 'time'; micro: boolean }
  /** `wrapped`: a named list is a message of its own in protobuf. */
  | { type: 'list'; items: FieldType; wrapped: boolean }
  | { type: 'map'; values: FieldType }
  | { type: 'struct'; name: string }

export interface FieldType {
  /** As Go prints the type in an error: `v1.RestartPolicy`, `[]uint8`. */
  goName: string
  pointer: boolean
  shape: Shape
  /** The values of an enumerated string; [] = any. */
  values: readonly string[]
}

export interface Field {
  name: string
  optional: boolean
  type: FieldType
  listType: string | null
  listKeys: readonly string[]
  mapType: string | null
  /** As JSON. */
  preset: string | null
  patchStrategy: string | null
  patchMergeKey: string | null
}

export interface StructType {
  /** `apps/v1.DeploymentSpec` */
  name: string
  goName: string
  /** By JSON name; what Go embeds stands among them. */
  fields: ReadonlyMap<string, Field>
  /** By protobuf number; what Go embeds is a message of its own there. */
  numbers: ReadonlyMap<number, Field | StructType>
}

const lines: Partial<Record<string, string>> = table.types
const enums: Partial<Record<string, string>> = table.enums
const known = new Map<string, StructType>()

export function hasType(name: string): boolean {
  return name in lines
}

export function structType(name: string): StructType {
  const found = known.get(name) ?? readStruct(name)
  known.set(name, found)
  return found
}

function readStruct(name: string): StructType {
  const fields = new Map<string, Field>()
  const numbers = new Map<number, Field | StructType>()
  for (const text of present(lines[name], `API type ${name}`).split(' ')) {
    const [label = '', number = '', go = '', ...extras] = text.split(':')
    if (label === '' || label === '?') {
      const embedded = structType(go.replace('*', ''))
      for (const field of embedded.fields.values()) fields.set(field.name, field)
      if (number !== '') numbers.set(Number(number), embedded)
      continue
    }
    const field = readField(label, go, extras)
    fields.set(field.name, field)
    if (number !== '') numbers.set(Number(number), field)
  }
  return { name, goName: name.slice(name.indexOf('.') + 1), fields, numbers }
}

function readField(label: string, go: string, extras: string[]): Field {
  const extra = (name: string): string | null =>
    extras.find(text => text.startsWith(`${name}=`))?.slice(name.length + 1) ?? null
  const [listType = null, ...listKeys] = extra('list')?.split(',') ?? []
  const [patchStrategy = null, patchMergeKey = null] = extra('patch')?.split('|') ?? []
  return {
    name: label.replace('?', ''),
    optional: label.endsWith('?'),
    type: readType(go),
    listType,
    listKeys,
    mapType: extra('map'),
    preset: extra('default'),
    patchStrategy,
    patchMergeKey,
  }
}

const special: Partial<Record<string, Shape>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', bits: 32 },
  int64: { type: 'integer', bits: 64 },
  float64: { type: 'float' },
  '[]byte': { type: 'bytes' },
  'resource.Quantity': { type: 'quantity' },
  'intstr.IntOrString': { type: 'intOrString' },
  'runtime.RawExtension': { type: 'raw' },
  'meta/v1.FieldsV1': { type: 'raw' },
  'meta/v1.Time': { type: 'time', micro: false },
  'meta/v1.MicroTime': { type: 'time', micro: true },
  'meta/v1.Duration': { type: 'duration' },
}

function readType(text: string): FieldType {
  const pointer = text.startsWith('*')
  const go = pointer ? text.slice(1) : text
  const values = enums[go]?.split(' ') ?? []
  return { goName: goNameOf(go), pointer, shape: shapeOf(go), values }
}

function shapeOf(go: string): Shape {
  const simple = special[go]
  if (simple !== undefined) return simple
  if (go.startsWith('[]')) return { type: 'list', items: readType(go.slice(2)), wrapped: false }
  if (go.startsWith('map[')) return { type: 'map', values: readType(go.slice(go.indexOf(']') + 1)) }
  const line = present(lines[go], `API type ${go}`)
  if (!line.startsWith('=')) return { type: 'struct', name: go }
  const alias = shapeOf(line.slice(1))
  return alias.type === 'list' ? { ...alias, wrapped: true } : alias
}

/** `[]core/v1.Container` → `[]v1.Container` */
function goNameOf(go: string): string {
  return go.replaceAll(/\b[a-z]+\/(v\d\w*\.)/g, '$1').replaceAll('[]byte', '[]uint8')
}
