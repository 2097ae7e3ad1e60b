/** The options that writes carry in the URL or in a DeleteOptions body. */
import type { Json } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import type { DeleteRequest } from '../deletion.ts'
import type { WriteOptions } from '../object-writes.ts'
import { badRequest, failure } from '../api-errors.ts'

export function writeOptions(query: URLSearchParams): WriteOptions {
  return { dryRun: isDryRun(query.getAll('dryRun')) }
}

function isDryRun(values: readonly unknown[]): boolean {
  if (values.length === 0) return false
  if (values.every(value => value === 'All')) return true
  throw failure(
    422,
    'Invalid',
    `dryRun: Unsupported value: ${JSON.stringify(values[0])}: supported values: "All"`,
  )
}

/** A DeleteOptions body wins over the query. */
export function deleteRequest(query: URLSearchParams, body: Json): DeleteRequest {
  if (body !== null && !isObject(body)) throw badRequest('DeleteOptions must be an object')
  const options = body ?? {}
  const request: DeleteRequest = {}
  const grace = options['gracePeriodSeconds'] ?? numberIn(query, 'gracePeriodSeconds')
  if (grace !== null && !Number.isSafeInteger(grace))
    throw badRequest('gracePeriodSeconds must be an integer')
  if (typeof grace === 'number') request.gracePeriodSeconds = grace
  const policy = options['propagationPolicy'] ?? query.get('propagationPolicy') ?? orphanPolicy(options)
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan')
    request.propagationPolicy = policy
  else if (policy !== null) throw badRequest(`invalid propagationPolicy: ${JSON.stringify(policy)}`)
  const preconditions = options['preconditions']
  if (isObject(preconditions)) {
    const { uid, resourceVersion } = preconditions
    if (typeof uid === 'string') request.uid = uid
    if (typeof resourceVersion === 'string') request.resourceVersion = resourceVersion
  }
  const dryRun = options['dryRun']
  request.dryRun = isDryRun(Array.isArray(dryRun) ? dryRun : query.getAll('dryRun'))
  return request
}

function orphanPolicy({ orphanDependents }: Record<string, Json>): string | null {
  if (typeof orphanDependents !== 'boolean') return null
  return orphanDependents ? 'Orphan' : 'Background'
}

export function numberIn(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)
  if (text === null || text === '') return null
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw badRequest(`invalid ${name}: ${JSON.stringify(text)}`)
  return value
}

export function isSet(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  return text === 'true' || text === '1' || text === ''
}
