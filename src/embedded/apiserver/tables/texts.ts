/** How cells write what is not a plain word: selectors, lists that are cut short, and fields of kinds without a type. */
import type { KubeObject, LabelSelector } from '../../../kube/types.ts'
import type { Json } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'

/** A field by its path; null where there is none. */
export function field(object: KubeObject | Json, ...path: string[]): Json {
  let value = object as unknown as Json
  for (const name of path) {
    if (!isObject(value)) return null
    value = value[name] ?? null
  }
  return value
}

export function textAt(object: KubeObject | Json, ...path: string[]): string {
  const value = field(object, ...path)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}

export function numberAt(object: KubeObject | Json, ...path: string[]): number {
  const value = field(object, ...path)
  return typeof value === 'number' ? value : 0
}

export function listAt(object: KubeObject | Json, ...path: string[]): Json[] {
  const value = field(object, ...path)
  return Array.isArray(value) ? value : []
}

export function memberCount(object: KubeObject | Json, ...path: string[]): number {
  const value = field(object, ...path)
  return isObject(value) ? Object.keys(value).length : 0
}

export function orElse(text: string, absent: string): string {
  return text === '' ? absent : text
}

/** `a=1,b=2`, by key. */
export function pairs(map: Record<string, string> | Json | undefined): string {
  if (map === undefined || !isObject(map)) return '<none>'
  const texts = Object.entries(map).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return texts.length === 0 ? '<none>' : texts.sort().join(',')
}

/** As a selector is written on the command line, by key; `<none>` when it asks for nothing. */
export function selectorText(selector: LabelSelector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }))
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    const list = `(${[...values].sort().join(',')})`
    switch (operator) {
      case 'In':
        return { key, text: `${key} in ${list}` }
      case 'NotIn':
        return { key, text: `${key} notin ${list}` }
      case 'Exists':
        return { key, text: key }
      case 'DoesNotExist':
        return { key, text: `!${key}` }
    }
  })
  const all = [...labels, ...expressions].sort((one, other) => (one.key < other.key ? -1 : 1))
  return orElse(all.map(({ text }) => text).join(','), '<none>')
}

/** The first three, and how many more there are. */
export function firstThree(texts: readonly string[], absent: string): string {
  if (texts.length === 0) return absent
  return texts.length <= 3 ? texts.join(',') : `${texts.slice(0, 3).join(',')} + ${texts.length - 3} more...`
}
