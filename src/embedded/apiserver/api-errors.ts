/** Kubernetes's Status errors, one constructor each: code, reason and details are what clients act on (semantics §10.1). */
import type { Status, StatusCause } from '../../kube/types.ts'
import { ApiError } from '../cluster-api.ts'

export interface FieldProblem {
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueDuplicate'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueNotFound'
    | 'FieldValueTooLong'
  field: string
  message: string
}

export function failure(
  code: number,
  reason: string,
  message: string,
  details?: Status['details'],
): ApiError {
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    code,
  }
  if (details !== undefined) status.details = details
  return new ApiError(status)
}

export function success(details?: Status['details'], code = 200): Status {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code }
  if (details !== undefined) status.details = details
  return status
}

/** What an error calls the thing that it is about. */
interface Named {
  /** '' is the core group. */
  group: string
  resource: string
}

/** As error messages name a resource: `pods`, `deployments.apps`. */
function qualifiedName(kind: Named): string {
  return kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`
}

export function detailsOf(kind: Named, name: string): NonNullable<Status['details']> {
  return kind.group === '' ? { name, kind: kind.resource } : { name, group: kind.group, kind: kind.resource }
}

export function badRequest(message: string): ApiError {
  return failure(400, 'BadRequest', message)
}

export function notFound(kind: Named, name: string): ApiError {
  return failure(404, 'NotFound', `${qualifiedName(kind)} "${name}" not found`, detailsOf(kind, name))
}

export function unknownPath(): ApiError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {})
}

export function methodNotAllowed(): ApiError {
  return failure(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  )
}

export function alreadyExists(kind: Named, name: string): ApiError {
  const message = `${qualifiedName(kind)} "${name}" already exists`
  return failure(409, 'AlreadyExists', message, detailsOf(kind, name))
}

export function conflict(kind: Named, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualifiedName(kind)} "${name}": ${why}`
  return failure(409, 'Conflict', message, detailsOf(kind, name))
}

export const staleObject =
  'the object has been modified; please apply your changes to the latest version and try again'

export function forbidden(kind: Named, name: string, why: string, causes?: StatusCause[]): ApiError {
  const details = { ...detailsOf(kind, name), ...(causes === undefined ? {} : { causes }) }
  return failure(403, 'Forbidden', `${qualifiedName(kind)} "${name}" is forbidden: ${why}`, details)
}

export function invalid(
  kind: { group: string; kind: string },
  name: string,
  problems: FieldProblem[],
): ApiError {
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`
  const details: NonNullable<Status['details']> = {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: problems,
  }
  return failure(422, 'Invalid', `${qualified} "${name}" is invalid: ${problemList(problems)}`, details)
}

/** A problem that was found twice is said once. */
function problemList(problems: FieldProblem[]): string {
  const texts = [...new Set(problems.map(problem => `${problem.field}: ${problem.message}`))]
  return texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`
}

/** Options of a request that do not fit together. */
export function invalidOptions(kind: string, problems: FieldProblem[]): ApiError {
  const message = `${kind}.meta.k8s.io "" is invalid: ${problemList(problems)}`
  return failure(422, 'Invalid', message, { group: 'meta.k8s.io', kind, causes: problems })
}

export function tooLargeResourceVersion(wanted: number, current: number): ApiError {
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  const message = `Timeout: Too large resource version: ${wanted}, current: ${current}`
  return failure(504, 'Timeout', message, { causes, retryAfterSeconds: 1 })
}

export function tooManyRequests(message: string, retryAfterSeconds: number, causes: StatusCause[]): ApiError {
  return failure(
    429,
    'TooManyRequests',
    message,
    retryAfterSeconds > 0 ? { causes, retryAfterSeconds } : { causes },
  )
}

export function expired(message: string): ApiError {
  return failure(410, 'Expired', message)
}

export function unsupportedMediaType(message: string): ApiError {
  return failure(415, 'UnsupportedMediaType', message)
}

export function internalError(message: string): ApiError {
  return failure(500, 'InternalError', message)
}
