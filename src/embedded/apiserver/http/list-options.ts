/** The options of lists and watches in the URL, checked as Kubernetes checks them before it looks at any object. */
import type { FieldProblem } from '../api-errors.ts'
import { badRequest, invalidOptions } from '../api-errors.ts'
import { Problems } from '../validation/problems.ts'
import { isSet, numberIn } from './write-options.ts'

export interface ListOptions {
  /** '' = none given. */
  resourceVersion: string
  match: '' | 'Exact' | 'NotOlderThan'
  limit: number
  continueToken: string
  timeoutSeconds: number
  bookmarks: boolean
  /** Null = not said. */
  sendInitialEvents: boolean | null
}

export function listOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const match = query.get('resourceVersionMatch') ?? ''
  const options = {
    resourceVersion: query.get('resourceVersion') ?? '',
    limit: Math.max(0, numberIn(query, 'limit') ?? 0),
    continueToken: query.get('continue') ?? '',
    timeoutSeconds: numberIn(query, 'timeoutSeconds') ?? 0,
    bookmarks: isSet(query, 'allowWatchBookmarks'),
    sendInitialEvents: query.has('sendInitialEvents') ? isSet(query, 'sendInitialEvents') : null,
  }
  const problems = watch ? watchProblems(options, match) : listProblems(options, match)
  if (problems.length > 0) throw invalidOptions('ListOptions', problems)
  return { ...options, match: match === 'Exact' || match === 'NotOlderThan' ? match : '' }
}

const field = 'resourceVersionMatch'

function listProblems(options: Omit<ListOptions, 'match'>, match: string): FieldProblem[] {
  const problems = new Problems()
  if (match !== '') {
    if (options.resourceVersion === '')
      problems.forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided')
    if (options.continueToken !== '')
      problems.forbidden(field, 'resourceVersionMatch is forbidden when continue is provided')
    problems.oneOf(field, match, ['Exact', 'NotOlderThan', ''])
    if (match === 'Exact' && options.resourceVersion === '0')
      problems.forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  }
  if (options.sendInitialEvents !== null)
    problems.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')
  return problems.list
}

function watchProblems(options: Omit<ListOptions, 'match'>, match: string): FieldProblem[] {
  const problems = new Problems()
  if (options.sendInitialEvents !== null && match !== 'NotOlderThan')
    problems.forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')
  if (match === '') return problems.list
  if (options.sendInitialEvents === null)
    problems.forbidden(
      field,
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    )
  problems.oneOf(field, match, ['NotOlderThan'])
  if (options.continueToken !== '')
    problems.forbidden(field, 'resourceVersionMatch is forbidden when continue is provided')
  return problems.list
}

/** Null when the text is no number. An absent version is 0. */
export function revisionOf(text: string): number | null {
  if (text === '') return 0
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : null
}

export function revisionError(text: string): string {
  const value = JSON.stringify(text)
  return `resourceVersion: Invalid value: ${value}: strconv.ParseUint: parsing ${value}: invalid syntax`
}

/** Where a further page begins, and which state of the store the list is of. */
export interface ContinueToken {
  /** -1 = the present, whatever the first page was of. */
  revision: number
  /** The first key of the page, relative to what is listed. */
  start: string
}

const tokenVersion = 'meta.k8s.io/v1'

export function encodeContinue({ revision, start }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: tokenVersion, rv: revision, start })).toString('base64url')
}

export function decodeContinue(token: string): ContinueToken {
  const refuse = (why: string): Error =>
    badRequest(`invalid continue token: continue key is not valid: ${why}`)
  const alien = token.search(/[^A-Za-z0-9_-]/)
  if (alien >= 0) throw refuse(`illegal base64 data at input byte ${alien}`)
  const { v, rv, start } = parsedToken(token, refuse)
  if (v !== tokenVersion) throw refuse(`server does not recognize this encoded version ${String(v)}`)
  if (!Number.isSafeInteger(rv) || rv === 0)
    throw refuse(`incorrect encoded start resourceVersion (version ${tokenVersion})`)
  if (typeof start !== 'string' || start === '')
    throw refuse(`encoded start key empty (version ${tokenVersion})`)
  return { revision: Number(rv), start: start.startsWith('/') ? start : `/${start}` }
}

function parsedToken(
  token: string,
  refuse: (why: string) => Error,
): { v?: unknown; rv?: unknown; start?: unknown } {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Falls through to the refusal.
  }
  throw refuse('invalid character looking for beginning of value')
}
