/**
 * Strategic merge patch: as a merge patch, but lists whose items have a key merge item by item, steered by the
 * directives that kubectl writes (semantics §10.3).
 */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject, sameJson } from '../../store/json.ts'
import type { ResourceName } from '../../cluster-api.ts'
import { badRequest } from '../api-errors.ts'
import { listStrategy } from './merge-keys.ts'

const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'

export function strategicMerge(resource: ResourceName, target: Json, patch: Json): JsonObject {
  if (!isObject(patch))
    throw badRequest(
      `json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
    )
  return mergeObjects(resource, isObject(target) ? target : {}, patch, [])
}

function mergeObjects(
  resource: ResourceName,
  target: JsonObject,
  patch: JsonObject,
  path: string[],
): JsonObject {
  const directive = patch['$patch']
  if (directive === 'replace') return strip(patch)
  if (directive === 'delete') return {}
  const retained = patch['$retainKeys']
  const merged: JsonObject = Array.isArray(retained)
    ? Object.fromEntries(Object.entries(target).filter(([key]) => retained.includes(key)))
    : { ...target }
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$patch' || key === '$retainKeys' || key.startsWith(orderPrefix)) continue
    if (key.startsWith(deletePrefix)) removePrimitives(merged, key.slice(deletePrefix.length), value)
    else if (value === null) Reflect.deleteProperty(merged, key)
    else merged[key] = mergeValue(resource, merged[key], value, [...path, key])
  }
  applyOrders(resource, target, merged, patch, path)
  return merged
}

function mergeValue(resource: ResourceName, target: Json | undefined, patch: Json, path: string[]): Json {
  if (isObject(patch)) return mergeObjects(resource, isObject(target) ? target : {}, patch, path)
  if (!Array.isArray(patch)) return patch
  const strategy = listStrategy(resource, path)
  const present = Array.isArray(target) ? target : []
  if (strategy === 'atomic') return patch.map(item => (isObject(item) ? strip(item) : item))
  if (strategy === 'primitive') return [...present, ...patch.filter(item => !present.includes(item))]
  return mergeLists(resource, present, patch, strategy.key, path)
}

function mergeLists(
  resource: ResourceName,
  target: Json[],
  patch: Json[],
  key: string,
  path: string[],
): Json[] {
  if (patch.some(item => isObject(item) && item['$patch'] === 'replace'))
    return patch.filter(item => isObject(item) && item['$patch'] !== 'replace')
  const merged = [...target]
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`error decoding patch: ${path.join('.')} is a list of objects`)
    const id = item[key]
    if (id === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    const index = merged.findIndex(other => isObject(other) && sameJson(other[key], id))
    const present = merged[index]
    if (item['$patch'] === 'delete') {
      if (index >= 0) merged.splice(index, 1)
    } else if (isObject(present)) merged[index] = mergeObjects(resource, present, item, path)
    else merged.push(mergeObjects(resource, {}, item, path))
  }
  return merged
}

/** `$setElementOrder/x`: items that it names stand in its order; the server's own keep their place among them. */
function applyOrders(
  resource: ResourceName,
  target: JsonObject,
  merged: JsonObject,
  patch: JsonObject,
  path: string[],
): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(orderPrefix) || !Array.isArray(order)) continue
    const name = directive.slice(orderPrefix.length)
    const list = merged[name]
    if (!Array.isArray(list)) continue
    const strategy = listStrategy(resource, [...path, name])
    const idOf = (item: Json | undefined): Json | undefined =>
      typeof strategy === 'object' && isObject(item) ? item[strategy.key] : item
    const before = target[name]
    merged[name] = ordered(list, order, Array.isArray(before) ? before : [], idOf)
  }
}

function ordered(
  list: Json[],
  order: Json[],
  before: Json[],
  idOf: (item: Json | undefined) => Json | undefined,
): Json[] {
  const placeIn = (items: Json[], item: Json): number =>
    items.findIndex(other => sameJson(idOf(other), idOf(item)))
  const named = list
    .filter(item => placeIn(order, item) >= 0)
    .sort((one, other) => placeIn(order, one) - placeIn(order, other))
  const rest = list.filter(item => placeIn(order, item) < 0)
  const woven: Json[] = []
  for (const item of named) {
    const place = placeIn(before, item)
    while (rest[0] !== undefined && place >= 0 && placeIn(before, rest[0]) < place)
      woven.push(rest.shift() ?? null)
    woven.push(item)
  }
  return [...woven, ...rest]
}

function removePrimitives(merged: JsonObject, name: string, values: Json): void {
  const list = merged[name]
  if (Array.isArray(list) && Array.isArray(values)) merged[name] = list.filter(item => !values.includes(item))
}

/** Without the directives, at every depth. */
function strip(value: JsonObject): JsonObject {
  const kept = Object.entries(value).filter(([key, member]) => !key.startsWith('$') && member !== null)
  return Object.fromEntries(kept.map(([key, member]) => [key, isObject(member) ? strip(member) : member]))
}

function jsonKind(value: Json): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
