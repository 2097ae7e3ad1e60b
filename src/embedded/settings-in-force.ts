/**
 * The settings that a start line overrides, checked here once: a misspelt name would otherwise leave a default in force
 * while the report says something else.
 */
import { defaultSettings, type Settings } from './settings.ts'

type Numbers = Record<string, number>

export function settingsInForce(overrides: Record<string, unknown>): Settings {
  const known: Record<string, unknown> = { ...defaultSettings }
  for (const [name, value] of Object.entries(overrides)) {
    const fallback = known[name]
    if (fallback === undefined) throw new Error(`settings.${name}: there is no such setting`)
    known[name] =
      typeof fallback === 'number' ? number(name, value) : numbers(name, fallback as Numbers, value)
  }
  return known as unknown as Settings
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
