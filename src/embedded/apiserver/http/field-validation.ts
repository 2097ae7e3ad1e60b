/** `fieldValidation`: what happens when a body has a field that its type does not know, or has one twice. */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import { failure } from '../api-errors.ts'
import type { BodyKind } from '../decoding/decode.ts'
import { cannotHandle } from '../decoding/decode.ts'
import { Misfit, typedCopy } from '../decoding/typed-copy.ts'
import type { ParsedBody } from '../decoding/json-text.ts'
import { typeOfKind } from '../schema/kind-types.ts'
import type { Exchange } from './exchange.ts'

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore'

const optionKinds: Partial<Record<string, string>> = { PUT: 'UpdateOptions', PATCH: 'PatchOptions' }

export function fieldValidation({ query, method }: Exchange): FieldValidation {
  const value = query.get('fieldValidation') ?? ''
  if (value === '') return 'Warn'
  if (value === 'Strict' || value === 'Warn' || value === 'Ignore') return value
  const kind = optionKinds[method] ?? 'CreateOptions'
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: "", "Ignore", "Strict", "Warn"`
  throw failure(422, 'Invalid', `${kind}.meta.k8s.io "" is invalid: fieldValidation: ${message}`, {
    group: 'meta.k8s.io',
    kind,
    causes: [{ reason: 'FieldValueNotSupported', message, field: 'fieldValidation' }],
  })
}

/** Strict: one error for all. Warn: a header for each. */
export function reportProblems(
  exchange: Exchange,
  validation: FieldValidation,
  yamlProblems: readonly string[],
  problems: readonly string[],
  refuse: (why: string) => Error,
): void {
  if (validation === 'Ignore') return
  if (validation === 'Warn') {
    warn(exchange, [...yamlProblems, ...problems])
    return
  }
  const yaml = yamlProblems.length > 0 ? [`yaml: unmarshal errors:\n  ${yamlProblems.join('\n  ')}`] : []
  const all = [...yaml, ...problems]
  if (all.length > 0) throw refuse(`strict decoding error: ${all.join(', ')}`)
}

/**
 * All warnings together (apiserver, pkg/endpoints/filters/warning.go). A real server shortens each to 256 characters then;
 * here the rest is left out.
 */
const warningLimit = 4 * 1024

function warn({ response }: Exchange, warnings: string[]): void {
  let length = 0
  for (const warning of warnings) {
    length += warning.length
    if (length > warningLimit) return
    const text = warning.replaceAll(/[\\"]/g, '\\$&').replaceAll(/\p{Cc}/gu, ' ')
    // A header is bytes to Node: UTF-8 goes through as Latin 1.
    response.appendHeader('Warning', `299 - "${Buffer.from(text).toString('latin1')}"`)
  }
}

/** What a patch made of an object, typed again: a patch too may bring unknown fields, or values of a wrong type. */
export function checkPatched(
  exchange: Exchange,
  kind: BodyKind,
  patched: Json,
  patch: ParsedBody,
  strategic: boolean,
): Json {
  const validation = fieldValidation(exchange)
  const refuse = (why: string): Error =>
    invalidPatch(strategic ? goText(patch.value) : JSON.stringify(patched), why)
  if (!isObject(patched)) return patched
  try {
    const { object, problems } = typedCopy(typeOfKind(kind), patched)
    const repeated = isObject(patch.value)
      ? typedCopy(typeOfKind(kind), patch.value, patch.keys).problems.filter(text => text.startsWith('dup'))
      : []
    reportProblems(exchange, validation, patch.yamlProblems, [...repeated, ...problems], refuse)
    return object
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    throw refuse(strategic ? error.whenConverted : error.message)
  }
}

/** Server-side apply knows the types too, and refuses an unknown field whatever `fieldValidation` says. */
export function checkApplied(kind: BodyKind, configuration: Json): void {
  if (!isObject(configuration)) return
  const unknown = /^unknown field "(.*)"$/s
  const paths = typedCopyOf(kind, configuration).flatMap(text => unknown.exec(text)?.[1] ?? [])
  if (paths.length === 0) return
  const texts = paths.map(path => `.${path}: field not declared in schema`)
  const list = texts.length === 1 ? texts.join('') : `errors:\n  ${texts.join('\n  ')}`
  const metadata = isObject(configuration['metadata']) ? configuration['metadata'] : {}
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
  const name = `${text(metadata['namespace'])}/${text(metadata['name'])}`
  const type = `${kind.group}/${kind.version}, Kind=${kind.kind}`
  throw failure(500, '', `failed to create typed patch object (${name}; ${type}): ${list}`)
}

function typedCopyOf(kind: BodyKind, value: JsonObject): string[] {
  try {
    return typedCopy(typeOfKind(kind), value).problems
  } catch (error) {
    throw error instanceof Misfit ? cannotHandle(kind, error.message) : error
  }
}

function invalidPatch(value: string, why: string): Error {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`
  return failure(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  })
}

/** As Go prints decoded JSON: `map[a:1 b:[x y]]`. */
function goText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isObject(value)) return value === null ? '<nil>' : String(value)
  const members = Object.keys(value).sort()
  return `map[${members.map(key => `${key}:${goText(value[key] ?? null)}`).join(' ')}]`
}
