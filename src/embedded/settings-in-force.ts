/**
 * The settings that a start line overrides, checked here once: a misspelt name would otherwise leave a default in force
 * while the report says something else.
 */
import { nodeNames } from './nodes.ts'
import { defaultSettings, type PerNode, type Settings } from './settings.ts'

type Numbers = Record<string, number>

/** These may differ from node to node. */
const perNode = ['proxyExtraLagMs', 'proxyJitterMs'] as const

export function settingsInForce(overrides: Record<string, unknown>): Settings {
  const known: Record<string, unknown> = { ...defaultSettings }
  for (const [name, value] of Object.entries(overrides)) {
    const fallback = known[name]
    if (fallback === undefined) throw new Error(`settings.${name}: there is no such setting`)
    if (typeof fallback !== 'number') known[name] = numbers(name, fallback as Numbers, value)
    else known[name] = isPerNode(name) ? numberByNode(name, value) : number(name, value)
  }
  const settings = known as unknown as Settings
  for (const name of perNode) checkNodes(name, settings[name], settings.workers)
  return settings
}

/** `{"watchFanOutMs": {"low": 1, "high": 5}}` becomes `{"watchFanOutMs.low": 1, "watchFanOutMs.high": 5}`. */
export function flattenSettings(settings: Settings): Record<string, number> {
  const flat: Record<string, number> = {}
  for (const [name, value] of Object.entries(settings) as [string, number | Numbers][]) {
    if (typeof value === 'number') flat[name] = value
    else for (const [part, inner] of Object.entries(value)) flat[`${name}.${part}`] = inner
  }
  return flat
}

function isPerNode(name: string): boolean {
  return (perNode as readonly string[]).includes(name)
}

function numberByNode(name: string, value: unknown): PerNode {
  if (typeof value !== 'object' || value === null) return number(name, value)
  return Object.fromEntries(
    Object.entries(value).map(([node, inner]) => [node, number(`${name}.${node}`, inner)]),
  )
}

function checkNodes(name: string, value: PerNode, workers: number): void {
  const known = nodeNames(workers)
  const strangers = typeof value === 'number' ? [] : Object.keys(value).filter(node => !known.includes(node))
  if (strangers.length > 0)
    throw new Error(`settings.${name}.${strangers.join(', ')}: there is no such node (${known.join(', ')})`)
}

function number(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new Error(`settings.${name}: expected a number, 0 or more, not ${JSON.stringify(value)}`)
  return value
}

/** A single number for a range means exactly that. */
function numbers(name: string, fallback: Numbers, value: unknown): Numbers {
  if (typeof value === 'number' && 'low' in fallback)
    return { low: number(name, value), high: number(name, value) }
  if (typeof value !== 'object' || value === null)
    throw new Error(`settings.${name}: expected {${Object.keys(fallback).join(', ')}}`)
  const merged = { ...fallback }
  for (const [part, inner] of Object.entries(value)) {
    if (!(part in fallback)) throw new Error(`settings.${name}.${part}: there is no such setting`)
    merged[part] = number(`${name}.${part}`, inner)
  }
  return merged
}
