/**
 * What a request for a log may ask for, checked as a real server checks it (kubernetes pkg/apis/core/validation,
 * ValidatePodLogOptions).
 */
import { badRequest, invalid } from '../api-errors.ts'
import { Problems } from '../validation/problems.ts'
import { isSet, numberIn } from './write-options.ts'

export interface LogOptions {
  container: string
  previous: boolean
  follow: boolean
  tailLines: number | null
  limitBytes: number | null
  /** Lines before it are left out. */
  sinceUs: number | null
  /** Each line begins with its time. */
  timestamps: boolean
}

export function logOptions(query: URLSearchParams, pod: string, nowUs: number): LogOptions {
  const tailLines = numberIn(query, 'tailLines')
  const limitBytes = numberIn(query, 'limitBytes')
  const sinceSeconds = numberIn(query, 'sinceSeconds')
  const sinceTime = instantIn(query, 'sinceTime')
  const problems = new Problems()
  if (tailLines !== null && tailLines < 0)
    problems.invalid('tailLines', tailLines, 'must be greater than or equal to 0')
  if (limitBytes !== null && limitBytes < 1)
    problems.invalid('limitBytes', limitBytes, 'must be greater than 0')
  if (sinceSeconds !== null && sinceTime !== null)
    problems.forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified')
  else if (sinceSeconds !== null && sinceSeconds < 1)
    problems.invalid('sinceSeconds', sinceSeconds, 'must be greater than 0')
  if (problems.list.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod, problems.list)
  return {
    container: query.get('container') ?? '',
    previous: isSet(query, 'previous'),
    follow: isSet(query, 'follow'),
    tailLines,
    limitBytes,
    sinceUs: sinceSeconds === null ? sinceTime : nowUs - sinceSeconds * 1_000_000,
    timestamps: isSet(query, 'timestamps'),
  }
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[-+]\d{2}:\d{2})$/

function instantIn(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)
  if (text === null || text === '') return null
  const atMs = rfc3339.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(atMs))
    throw badRequest(`parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse it`)
  return atMs * 1000
}
