/** The options that writes carry in the URL or in a DeleteOptions body. */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import type { DeleteRequest } from '../deletion.ts'
import type { WriteOptions } from '../object-writes.ts'
import { badRequest, invalidOptions } from '../api-errors.ts'
import { Problems } from '../validation/problems.ts'
import type { Exchange } from './exchange.ts'

export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'

export function writeOptions(query: URLSearchParams): WriteOptions {
  return { dryRun: isDryRun(query.getAll('dryRun')) }
}

/** With the name under which managedFields record the write: the fieldManager, else the client's own name. */
export function trackedOptions(exchange: Exchange, kind: OptionsKind, subresource = ''): WriteOptions {
  const { query } = exchange
  const problems = new Problems()
  checkDryRun(problems, query.getAll('dryRun'))
  const fieldManager = query.get('fieldManager') ?? ''
  if (Buffer.byteLength(fieldManager) > managerLimitBytes) problems.tooLong('fieldManager', managerLimitBytes)
  const validation = query.get('fieldValidation') ?? ''
  problems.oneOf('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn'])
  if (problems.list.length > 0) throw invalidOptions(kind, problems.list)
  return { ...writeOptions(query), tracking: { manager: managerOf(exchange), subresource } }
}

const managerLimitBytes = 128

export function managerOf({ query, request }: Exchange): string {
  const fieldManager = query.get('fieldManager') ?? ''
  if (fieldManager !== '') return fieldManager
  const program = (request.headers['user-agent'] ?? '').split('/')[0] ?? ''
  return program.replaceAll(/[^\x20-\x7e]/g, '').slice(0, managerLimitBytes)
}

function checkDryRun(problems: Problems, values: readonly unknown[]): void {
  if (values.every(value => value === 'All')) return
  problems.unsupported('dryRun', values, ['All'])
}

function isDryRun(values: readonly unknown[]): boolean {
  return values.includes('All')
}

/** A DeleteOptions body wins over the query. */
export function deleteRequest(query: URLSearchParams, body: Json): DeleteRequest {
  if (body !== null && !isObject(body)) throw badRequest('DeleteOptions must be an object')
  const options = body ?? {}
  const problems = new Problems()
  const request: DeleteRequest = {}
  const grace = options['gracePeriodSeconds'] ?? numberIn(query, 'gracePeriodSeconds')
  if (grace !== null && !Number.isSafeInteger(grace))
    throw badRequest('gracePeriodSeconds must be an integer')
  if (typeof grace === 'number') request.gracePeriodSeconds = grace
  const policy = propagationPolicy(problems, query, options)
  if (policy !== null) request.propagationPolicy = policy
  const preconditions = options['preconditions']
  if (isObject(preconditions)) {
    const { uid, resourceVersion } = preconditions
    if (typeof uid === 'string') request.uid = uid
    if (typeof resourceVersion === 'string') request.resourceVersion = resourceVersion
  }
  const dryRun = Array.isArray(options['dryRun']) ? options['dryRun'] : query.getAll('dryRun')
  checkDryRun(problems, dryRun)
  if (problems.list.length > 0) throw invalidOptions('DeleteOptions', problems.list)
  request.dryRun = isDryRun(dryRun)
  return request
}

const policies = ['Foreground', 'Background', 'Orphan'] as const

function propagationPolicy(
  problems: Problems,
  query: URLSearchParams,
  options: JsonObject,
): (typeof policies)[number] | null {
  const given = options['propagationPolicy'] ?? query.get('propagationPolicy')
  const orphan = options['orphanDependents'] ?? orphanOf(query)
  if (given === null || given === '') {
    if (typeof orphan !== 'boolean') return null
    return orphan ? 'Orphan' : 'Background'
  }
  const field = 'propagationPolicy'
  if (typeof orphan === 'boolean')
    problems.invalid(field, given, 'orphanDependents and deletionPropagation cannot be both set')
  const known = policies.find(policy => policy === given)
  if (known === undefined) problems.unsupported(field, given, [...policies, 'nil'])
  return known ?? null
}

function orphanOf(query: URLSearchParams): boolean | null {
  return query.has('orphanDependents') ? isSet(query, 'orphanDependents') : null
}

export function numberIn(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)
  if (text === null || text === '') return null
  if (!/^[-+]?[0-9]+$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
  return value
}

/** Everything but an explicit no is a yes. */
export function isSet(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  return text !== null && text.toLowerCase() !== 'false' && text !== '0'
}
