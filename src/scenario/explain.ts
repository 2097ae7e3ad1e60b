/**
 * Turns what the schema found into problems at their place in the file: what is there, what is expected, and, where one
 * is near, what was probably meant. The schema's own texts say only what is expected.
 */
import { z } from 'zod'
import type { Document } from 'yaml'
import { didYouMean } from './nearest.ts'
import type { Problem } from './problems.ts'
import { keySpan, problemAt, valueSpan } from './yaml-source.ts'
import type { Path, YamlSource } from './yaml-source.ts'

type Issue = z.core.$ZodIssue
type Schema = z.core.$ZodType

export interface Explainable {
  source: YamlSource
  document: Document
  schema: Schema
  /** The document as a plain value. */
  value: unknown
}

/** One problem per place: the first of several about the same value says enough. */
export function explainIssues(about: Explainable, issues: readonly Issue[]): Problem[] {
  const seen = new Set<string>()
  return issues
    .flatMap(issue => innermost(about, issue))
    .filter(({ line, column }) => {
      const place = `${line}:${column}`
      if (seen.has(place)) return false
      seen.add(place)
      return true
    })
}

/** Of a union, the branch that has the shape of what was written; else the union as a whole. */
function innermost(about: Explainable, issue: Issue): Problem[] {
  if (issue.code !== 'invalid_union') return explain(about, issue)
  const written = valueAt(about.value, issue.path)
  if (!isRecord(written)) return explain(about, issue)
  const branch = issue.errors.find(issues =>
    issues.some(inner => inner.code !== 'invalid_value' || inner.path.length > 0),
  )
  return (branch ?? []).flatMap(inner => innermost(about, { ...inner, path: [...issue.path, ...inner.path] }))
}

function explain({ source, document, schema, value }: Explainable, issue: Issue): Problem[] {
  const here = schemaAt(schema, issue.path)
  if (issue.code === 'unrecognized_keys') {
    const known = here instanceof z.ZodObject ? Object.keys(here.shape) : []
    const inside = issue.path.length === 0 ? '' : ` in \`${shown(issue.path)}\``
    return issue.keys.map(key =>
      problemAt(
        source,
        keySpan(document, [...issue.path, key]),
        `unknown ${nounOf(here)} \`${key}\`${inside}`,
        {
          expected: `one of ${known.join(', ')}`,
          suggestion: didYouMean(key, known) ?? metaOf(here, 'otherwise'),
        },
      ),
    )
  }

  const written = valueAt(value, issue.path)
  if (written === undefined) {
    const message = `${nounOf(parentOf(schema, issue.path))} \`${shown(issue.path)}\` is missing`
    return [problemAt(source, keySpan(document, issue.path), message, { expected: issue.message })]
  }
  const span = valueSpan(document, issue.path)
  const advice = { expected: issue.message, suggestion: suggestionFor(issue, here, written) }
  if (here instanceof z.ZodEnum && typeof written === 'string')
    return [problemAt(source, span, `unknown ${nounOf(here)} \`${written}\``, advice)]
  return [
    problemAt(
      source,
      span,
      `${issue.path.length === 0 ? 'the file' : `\`${shown(issue.path)}\``} is ${described(written)}`,
      advice,
    ),
  ]
}

function suggestionFor(issue: Issue, here: Schema, written: unknown): string | null {
  if (written === null && here instanceof z.ZodObject) return 'write `{}` to keep every default'
  if (typeof written !== 'string') return null
  if (here instanceof z.ZodEnum) return didYouMean(written, here.options.map(String))
  if (here instanceof z.ZodUnion) return didYouMean(written, ['none'])
  if (here instanceof z.ZodBoolean) return /^(yes|on)$/i.test(written) ? 'did you mean `true`?' : null
  if (here instanceof z.ZodNumber) return numberMeant(String(issue.path.at(-1)), written)
  return null
}

/** `20s` under a key that ends in Ms means 20000; `200/s` under a rate, and `"200"`, mean 200. */
function numberMeant(key: string, written: string): string | null {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|\/s|)\s*$/.exec(written)
  if (found === null) return null
  const factors: Record<string, number> = key.endsWith('Ms')
    ? { '': 1, ms: 1, s: 1000, m: 60_000 }
    : { '': 1, '/s': 1 }
  const factor = factors[found[2] ?? '']
  return factor === undefined ? null : `did you mean \`${Number(found[1]) * factor}\`?`
}

function described(written: unknown): string {
  if (written === null) return 'empty'
  if (Array.isArray(written)) return written.length === 0 ? 'an empty list' : 'a list'
  if (typeof written === 'string')
    return written === '' ? 'an empty text' : `the text ${JSON.stringify(written)}`
  if (typeof written === 'object') return Object.keys(written).length === 0 ? 'an empty map' : 'a map'
  return JSON.stringify(written)
}

function schemaAt(schema: Schema, path: Path): Schema {
  let here = unwrapped(schema)
  for (const step of path) {
    const within = here instanceof z.ZodUnion ? mapOf(here) : here
    if (within instanceof z.ZodObject)
      here = unwrapped((within.shape as Record<string, Schema>)[String(step)] ?? within)
    else if (within instanceof z.ZodArray) here = unwrapped(within.element)
    else if (within instanceof z.ZodRecord) here = unwrapped(within.valueType)
  }
  return here
}

function parentOf(schema: Schema, path: Path): Schema {
  const parent = schemaAt(schema, path.slice(0, -1))
  return parent instanceof z.ZodUnion ? mapOf(parent) : parent
}

function mapOf(union: z.ZodUnion): Schema {
  return union.options.find(option => option instanceof z.ZodObject) ?? union
}

function unwrapped(schema: Schema): Schema {
  return schema instanceof z.ZodOptional ? unwrapped(schema.unwrap()) : schema
}

function nounOf(schema: Schema): string {
  return metaOf(schema, 'noun') ?? 'value'
}

/** `noun`: what the keys or values are called. `otherwise`: the suggestion where no known name is near. */
function metaOf(schema: Schema, entry: 'noun' | 'otherwise'): string | null {
  const within = schema instanceof z.ZodUnion ? mapOf(schema) : schema
  const text = within instanceof z.ZodType ? within.meta()?.[entry] : undefined
  return typeof text === 'string' ? text : null
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<PropertyKey, unknown>)[step]
  }
  return here
}

function shown(path: Path): string {
  return path
    .map(step => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
