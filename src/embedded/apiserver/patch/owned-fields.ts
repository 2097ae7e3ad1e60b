/**
 * Server-side apply's record of who set what: the FieldsV1 tree of an applied configuration, and the removal of what a
 * manager set before and sets no longer. Fields written by other means have no recorded owner here.
 */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject, sameJson } from '../../store/json.ts'
import type { ResourceName } from '../../cluster-api.ts'
import { listStrategy } from './merge-keys.ts'

const unowned = new Set([
  'apiVersion',
  'kind',
  'metadata.name',
  'metadata.namespace',
  'metadata.managedFields',
])

export function fieldsOf(resource: ResourceName, applied: JsonObject, path: string[] = []): JsonObject {
  const fields: JsonObject = {}
  for (const [name, value] of Object.entries(applied)) {
    const at = [...path, name]
    if (!unowned.has(at.join('.'))) fields[`f:${name}`] = fieldsOfValue(resource, value, at)
  }
  return fields
}

function fieldsOfValue(resource: ResourceName, value: Json, path: string[]): JsonObject {
  if (isObject(value)) return fieldsOf(resource, value, path)
  if (!Array.isArray(value)) return {}
  const strategy = listStrategy(resource, path)
  if (strategy === 'atomic') return {}
  const fields: JsonObject = {}
  for (const item of value) {
    if (strategy === 'primitive') fields[`v:${JSON.stringify(item)}`] = {}
    else if (isObject(item)) {
      const id = item[strategy.key]
      if (id !== undefined)
        fields[`k:${JSON.stringify({ [strategy.key]: id })}`] = fieldsOf(resource, item, path)
    }
  }
  return fields
}

/** Takes out of `value` what is in `before` and not in `now`. */
export function withoutDropped(value: Json, before: JsonObject, now: JsonObject): Json {
  if (Array.isArray(value)) return withoutDroppedItems(value, before, now)
  if (!isObject(value)) return value
  const kept: JsonObject = { ...value }
  for (const [field, inner] of Object.entries(before)) {
    const name = field.slice(2)
    const present = kept[name]
    if (!field.startsWith('f:') || present === undefined || !isObject(inner)) continue
    const inside = now[field]
    const isLeaf = Object.keys(inner).length === 0
    if (inside === undefined && isLeaf) Reflect.deleteProperty(kept, name)
    else if (!isLeaf) {
      const rest = withoutDropped(present, inner, isObject(inside) ? inside : {})
      if (inside === undefined && isEmpty(rest)) Reflect.deleteProperty(kept, name)
      else kept[name] = rest
    }
  }
  return kept
}

function withoutDroppedItems(list: Json[], before: JsonObject, now: JsonObject): Json[] {
  return list.flatMap(item => {
    const entry = Object.entries(before).find(([field]) => names(field, item))
    if (entry === undefined) return [item]
    const [field, inner] = entry
    const inside = now[field]
    if (inside === undefined) return []
    return [withoutDropped(item, isObject(inner) ? inner : {}, isObject(inside) ? inside : {})]
  })
}

function names(field: string, item: Json): boolean {
  if (field.startsWith('v:')) return sameJson(JSON.parse(field.slice(2)), item)
  if (!field.startsWith('k:') || !isObject(item)) return false
  const id = JSON.parse(field.slice(2)) as JsonObject
  return Object.entries(id).every(([key, value]) => sameJson(item[key], value))
}

function isEmpty(value: Json): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
