/**
 * Sets of field paths, as a tree: the bookkeeping of server-side apply. An element is `f:<field>`, `k:<keys>` or
 * `v:<value>`, as in FieldsV1, which is the written form of such a set.
 */
import type { JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'

export interface FieldSet {
  /** The path to this node belongs to the set. */
  readonly member: boolean
  readonly children: ReadonlyMap<string, FieldSet>
}

export const emptySet: FieldSet = { member: false, children: new Map() }
export const leaf: FieldSet = { member: true, children: new Map() }

export function isEmptySet({ member, children }: FieldSet): boolean {
  return !member && children.size === 0
}

/** A node of those children that hold anything. */
export function nodeOf(member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet {
  const kept = new Map<string, FieldSet>()
  for (const [element, child] of children) if (!isEmptySet(child)) kept.set(element, child)
  return member || kept.size > 0 ? { member, children: kept } : emptySet
}

export function union(one: FieldSet, other: FieldSet): FieldSet {
  if (isEmptySet(one)) return other
  if (isEmptySet(other)) return one
  const children = new Map(one.children)
  for (const [element, child] of other.children) {
    const present = children.get(element)
    children.set(element, present === undefined ? child : union(present, child))
  }
  return { member: one.member || other.member, children }
}

/** What is in `one` and not in `other`; a member of `other` takes nothing away of what lies below it. */
export function difference(one: FieldSet, other: FieldSet): FieldSet {
  if (isEmptySet(other)) return one
  const children = [...one.children].map(([element, child]) => {
    const away = other.children.get(element)
    return [element, away === undefined ? child : difference(child, away)] as const
  })
  return nodeOf(one.member && !other.member, children)
}

export function intersection(one: FieldSet, other: FieldSet): FieldSet {
  const children = [...one.children].map(([element, child]) => {
    const both = other.children.get(element)
    return [element, both === undefined ? emptySet : intersection(child, both)] as const
  })
  return nodeOf(one.member && other.member, children)
}

/** Without the named top-level fields and all below them. */
export function withoutFields(fields: FieldSet, names: readonly string[]): FieldSet {
  const elements = new Set(names.map(name => `f:${name}`))
  return nodeOf(
    fields.member,
    [...fields.children].filter(([element]) => !elements.has(element)),
  )
}

/** A field that holds something of the set counts as a member itself. */
export function withNamedFields({ member, children }: FieldSet): FieldSet {
  const grown = [...children].map(([element, child]) => {
    const below = withNamedFields(child)
    return [element, element.startsWith('f:') ? { ...below, member: true } : below] as const
  })
  return nodeOf(member, grown)
}

export function toFieldsV1({ member, children }: FieldSet): JsonObject {
  const fields: JsonObject = {}
  if (member && children.size > 0) fields['.'] = {}
  for (const [element, child] of [...children].sort(([one], [other]) => (one < other ? -1 : 1)))
    fields[element] = toFieldsV1(child)
  return fields
}

export function fromFieldsV1(fields: unknown, root = true): FieldSet {
  if (!isObject(fields)) return emptySet
  const elements = Object.keys(fields).filter(element => element !== '.')
  const member = !root && (elements.length === 0 || '.' in fields)
  return nodeOf(
    member,
    elements.map(element => [element, fromFieldsV1(fields[element], false)] as const),
  )
}

/** The members as Kubernetes writes paths in messages: `.spec.containers[name="c"].image`. */
export function pathTexts({ children }: FieldSet, prefix = ''): string[] {
  const sorted = [...children].sort(([one], [other]) => (one < other ? -1 : 1))
  const own = sorted.filter(([, child]) => child.member).map(([element]) => prefix + elementText(element))
  return [...own, ...sorted.flatMap(([element, child]) => pathTexts(child, prefix + elementText(element)))]
}

export function elementText(element: string): string {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return `.${rest}`
  if (element.startsWith('v:')) return `[=${rest}]`
  const keys = JSON.parse(rest) as JsonObject
  const texts = Object.entries(keys).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return `[${texts.join(',')}]`
}
