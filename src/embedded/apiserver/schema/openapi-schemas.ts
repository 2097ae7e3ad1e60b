/** The API's types as OpenAPI v3 schemas, in the form in which a real API server publishes them. */
import { assertNever } from '../../../base/assert.ts'
import { descriptionOf } from './descriptions.ts'
import type { Field, FieldType, StructType } from './go-types.ts'
import { structType } from './go-types.ts'

export interface GroupVersionKind {
  group: string
  version: string
  kind: string
}

/** All schemas that the named types reach. `kinds` says which types are kinds, and of what group. */
export function schemasOf(
  types: Iterable<string>,
  kinds: ReadonlyMap<string, GroupVersionKind[]>,
): Record<string, object> {
  const schemas = new Map<string, object>()
  const visit = (name: string): void => {
    if (schemas.has(openApiName(name))) return
    const special = specialSchema(name)
    if (special !== null) {
      schemas.set(openApiName(name), special)
      return
    }
    const type = structType(name)
    const reached: string[] = []
    // Registered before its fields are visited, so that a type may lead to itself.
    schemas.set(openApiName(name), schemaOf(type, kinds.get(name), reached))
    reached.forEach(visit)
  }
  for (const name of types) visit(name)
  return Object.fromEntries([...schemas].sort(([one], [other]) => (one < other ? -1 : 1)))
}

export function refTo(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${openApiName(name)}` }
}

const machinery = 'io.k8s.apimachinery.pkg'

/** `apps/v1.DeploymentSpec` → `io.k8s.api.apps.v1.DeploymentSpec` */
function openApiName(name: string): string {
  const dotted = name.replace('/', '.')
  if (name.startsWith('meta/')) return `${machinery}.apis.${dotted}`
  if (name.startsWith('resource.')) return `${machinery}.api.${dotted}`
  if (name.startsWith('intstr.')) return `${machinery}.util.${dotted}`
  return name.startsWith('runtime.') ? `${machinery}.${dotted}` : `io.k8s.api.${dotted}`
}

function specialSchema(name: string): object | null {
  switch (name) {
    case 'resource.Quantity':
      return { oneOf: [{ type: 'string' }, { type: 'number' }] }
    case 'intstr.IntOrString':
      return { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }
    case 'meta/v1.Time':
    case 'meta/v1.MicroTime':
      return { type: 'string', format: 'date-time' }
    case 'meta/v1.Duration':
      return { type: 'string' }
    case 'meta/v1.FieldsV1':
    case 'runtime.RawExtension':
      return { type: 'object' }
    default:
      return null
  }
}

function schemaOf(type: StructType, kinds: GroupVersionKind[] | undefined, reached: string[]): object {
  const fields = [...type.fields.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  const required = fields.filter(({ optional }) => !optional).map(({ name }) => name)
  const properties = fields.map(field => [field.name, propertyOf(type, field, reached)] as const)
  return {
    ...described(descriptionOf(type.name, '')),
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(properties),
    ...(kinds === undefined ? {} : { 'x-kubernetes-group-version-kind': kinds }),
  }
}

function described(description: string): { description?: string } {
  return description === '' ? {} : { description }
}

function propertyOf(type: StructType, field: Field, reached: string[]): object {
  const ownDescription = descriptionOf(type.name, field.name)
  const listed = field.type.values.map(value => ` - \`${JSON.stringify(value)}\``).join('\n')
  const description = listed === '' ? ownDescription : `${ownDescription}\n\nPossible enum values:\n${listed}`
  const preset = field.preset === null ? {} : { default: JSON.parse(field.preset) as unknown }
  const schema = { ...valueSchema(field.type, reached, !field.optional), ...preset }
  const { listType, listKeys, mapType, patchStrategy, patchMergeKey } = field
  const marks = {
    ...(listKeys.length > 0 ? { 'x-kubernetes-list-map-keys': listKeys } : {}),
    ...(listType === null ? {} : { 'x-kubernetes-list-type': listType }),
    ...(mapType === null ? {} : { 'x-kubernetes-map-type': mapType }),
    ...(patchMergeKey === null ? {} : { 'x-kubernetes-patch-merge-key': patchMergeKey }),
    ...(patchStrategy === null ? {} : { 'x-kubernetes-patch-strategy': patchStrategy }),
  }
  const beside = { ...described(description), ...marks }
  // A reference with anything beside it would hide that.
  return '$ref' in schema && Object.keys(beside).length > 0
    ? { ...described(description), allOf: [schema], ...marks }
    : { ...described(description), ...schema, ...marks }
}

/** What is no pointer and always there has a default: its zero value. */
function valueSchema(type: FieldType, reached: string[], always: boolean): object {
  const { shape, pointer, values } = type
  const zero = always && !pointer
  switch (shape.type) {
    case 'struct':
      reached.push(shape.name)
      return pointer ? refTo(shape.name) : { default: {}, allOf: [refTo(shape.name)] }
    case 'list':
      return { type: 'array', items: valueSchema(shape.items, reached, true) }
    case 'map':
      return { type: 'object', additionalProperties: valueSchema(shape.values, reached, true) }
    case 'string': {
      const schema = { type: 'string', ...(zero ? { default: '' } : {}) }
      return values.length > 0 ? { ...schema, enum: values } : schema
    }
    case 'boolean':
      return { type: 'boolean', ...(zero ? { default: false } : {}) }
    case 'integer':
      return { type: 'integer', format: `int${shape.bits}`, ...(zero ? { default: 0 } : {}) }
    case 'float':
      return { type: 'number', format: 'double', ...(zero ? { default: 0 } : {}) }
    case 'bytes':
      return { type: 'string', format: 'byte' }
    case 'quantity':
    case 'intOrString':
    case 'time':
    case 'duration':
    case 'raw': {
      const name = specialName(type)
      reached.push(name)
      return refTo(name)
    }
    default:
      return assertNever(shape)
  }
}

function specialName({ goName, shape }: FieldType): string {
  return shape.type === 'time' || shape.type === 'duration' || goName === 'v1.FieldsV1'
    ? `meta/${goName}`
    : goName
}
