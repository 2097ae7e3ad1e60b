/**
 * Objects seen through their list types: the fields that a configuration names, what changed between two objects, the
 * merge of a configuration into an object, and the removal of fields (structured-merge-diff's four operations).
 */
import type { ResourceName } from '../../cluster-api.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject, sameJson } from '../../store/json.ts'
import type { FieldSet } from './field-set.ts'
import { elementText, emptySet, leaf, nodeOf } from './field-set.ts'
import { isAtomicObject, itemElement, listTypeOf } from './list-types.ts'

interface Place {
  resource: ResourceName
  path: readonly string[]
  isItem: boolean
}

/** The parts that a value is divided into, by element; null for one that is not divided. */
function partsOf(place: Place, value: Json | undefined): Map<string, Json> | null {
  if (isObject(value)) {
    if (isAtomicObject(place.resource, place.path, place.isItem)) return null
    return new Map(Object.entries(value).map(([name, member]) => [`f:${name}`, member] as const))
  }
  if (!Array.isArray(value)) return null
  const type = listTypeOf(place.resource, place.path)
  if (type.kind === 'atomic') return null
  return new Map(value.map(item => [itemElement(type, item), item] as const))
}

function below(place: Place, element: string): Place {
  return element.startsWith('f:')
    ? { ...place, path: [...place.path, element.slice(2)], isItem: false }
    : { ...place, isItem: true }
}

function rootOf(resource: ResourceName): Place {
  return { resource, path: [], isItem: false }
}

export function fieldsOf(resource: ResourceName, value: Json): FieldSet {
  return fieldsAt(rootOf(resource), value)
}

function fieldsAt(place: Place, value: Json): FieldSet {
  const parts = partsOf(place, value)
  if (parts === null) return leaf
  const children = [...parts].map(([element, part]) => {
    const fields = fieldsAt(below(place, element), part)
    const whole = !element.startsWith('f:') || (isObject(part) && Object.keys(part).length === 0)
    return [element, whole ? { ...fields, member: true } : fields] as const
  })
  return nodeOf(false, children)
}

export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

const nothing: Comparison = { added: emptySet, modified: emptySet, removed: emptySet }

export function compare(resource: ResourceName, before: Json, after: Json): Comparison {
  return compareAt(rootOf(resource), before, after)
}

function compareAt(place: Place, before: Json | undefined, after: Json | undefined): Comparison {
  if (before === after) return nothing
  const [was, is] = [partsOf(place, before), partsOf(place, after)]
  const empty = (was?.size ?? 0) === 0 && (is?.size ?? 0) === 0
  const undivided = (before !== undefined && was === null) || (after !== undefined && is === null)
  if (empty || undivided) return compareLeaf(before, after)
  const elements = new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])
  const found = [...elements].map(
    element => [element, compareAt(below(place, element), was?.get(element), is?.get(element))] as const,
  )
  const pick = (name: keyof Comparison, member: boolean): FieldSet =>
    nodeOf(
      member,
      found.map(([element, comparison]) => [element, comparison[name]] as const),
    )
  return {
    added: pick('added', before === undefined),
    modified: pick('modified', false),
    removed: pick('removed', after === undefined),
  }
}

function compareLeaf(before: Json | undefined, after: Json | undefined): Comparison {
  if (before === undefined) return { ...nothing, added: leaf }
  if (after === undefined) return { ...nothing, removed: leaf }
  return sameJson(before, after) ? nothing : { ...nothing, modified: leaf }
}

/** The configuration wins where both have a value. */
export function mergeConfiguration(resource: ResourceName, live: Json, configuration: Json): JsonObject {
  const merged = mergeAt(rootOf(resource), live, configuration)
  return isObject(merged) ? merged : {}
}

function mergeAt(place: Place, live: Json | undefined, wanted: Json | undefined): Json | undefined {
  if (wanted === undefined) return live
  const [lives, wants] = [partsOf(place, live), partsOf(place, wanted)]
  if (lives === null || wants === null || lives.size === 0 || wants.size === 0)
    return wants?.size === 0 && (lives?.size ?? 0) > 0 ? live : wanted
  const merge = (element: string): Json =>
    mergeAt(below(place, element), lives.get(element), wants.get(element)) ?? null
  const elements = Array.isArray(wanted)
    ? mergedOrder([...lives.keys()], [...wants.keys()])
    : [...new Set([...lives.keys(), ...wants.keys()])]
  if (Array.isArray(wanted)) return elements.map(merge)
  return Object.fromEntries(elements.map(element => [element.slice(2), merge(element)]))
}

/** Shared items stand in the configuration's order, the object's own stay before the shared item that followed them. */
function mergedOrder(lives: readonly string[], wants: readonly string[]): string[] {
  const wanted = new Set(wants)
  const shared = wants.filter(element => lives.includes(element))
  const order: string[] = []
  let [at, to] = [0, 0]
  while (at < lives.length || to < wants.length) {
    const [own, next] = [lives[at], wants[to]]
    if (own !== undefined && own === next) {
      order.push(own)
      shared.splice(shared.indexOf(own), 1)
      at++
      to++
    } else if (own !== undefined && wanted.has(own) && next !== undefined && shared[0] !== own) at++
    else if (own !== undefined && !wanted.has(own)) {
      order.push(own)
      at++
    } else if (next !== undefined) {
      order.push(next)
      if (shared[0] === next) shared.shift()
      to++
    } else at++
  }
  return order
}

/** The value without the fields of the set; an object or list that is left empty goes too, unless it is the root. */
export function removeFields(resource: ResourceName, value: Json, fields: FieldSet): JsonObject {
  const left = removeAt(rootOf(resource), value, fields)
  return isObject(left) ? left : {}
}

function removeAt(place: Place, value: Json, fields: FieldSet): Json | undefined {
  const parts = partsOf(place, value)
  if (parts === null || fields.children.size === 0) return value
  const left: [string, Json][] = []
  for (const [element, part] of parts) {
    const away = fields.children.get(element)
    if (away?.member === true) continue
    const rest = away === undefined ? part : removeAt(below(place, element), part, away)
    if (rest !== undefined) left.push([element, rest])
  }
  if (left.length === 0) return undefined
  if (Array.isArray(value)) return left.map(([, part]) => part)
  return Object.fromEntries(left.map(([element, part]) => [element.slice(2), part]))
}

export interface Duplicate {
  /** As in messages: `.spec.ports`. */
  path: string
  element: string
}

/** The first item that a configuration names twice; null when there is none. */
export function duplicateIn(resource: ResourceName, value: Json): Duplicate | null {
  return duplicateAt(rootOf(resource), value, '')
}

function duplicateAt(place: Place, value: Json, path: string): Duplicate | null {
  const parts = partsOf(place, value)
  if (parts === null) return null
  if (Array.isArray(value) && parts.size < value.length) {
    const type = listTypeOf(place.resource, place.path)
    const elements = value.map(item => itemElement(type, item))
    const element = elements.find((one, index) => elements.indexOf(one) < index)
    return element === undefined ? null : { path, element: elementText(element) }
  }
  for (const [element, part] of parts) {
    const found = duplicateAt(below(place, element), part, path + elementText(element))
    if (found !== null) return found
  }
  return null
}
