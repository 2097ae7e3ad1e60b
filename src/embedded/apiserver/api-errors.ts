/** Kubernetes's Status errors, one constructor each: code, reason and details are what clients act on (semantics §10.1). */
import type { Status, StatusCause } from '../../kube/types.ts'
import { ApiError } from '../cluster-api.ts'
import type { ResourceKind } from './resources.ts'
import { qualifiedName } from './resources.ts'

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
    reason,
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

export function detailsOf(kind: ResourceKind, name: string): NonNullable<Status['details']> {
  return kind.group === '' ? { name, kind: kind.resource } : { name, group: kind.group, kind: kind.resource }
}

export function badRequest(message: string): ApiError {
  return failure(400, 'BadRequest', message)
}

export function notFound(kind: ResourceKind, name: string): ApiError {
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

export function alreadyExists(kind: ResourceKind, name: string): ApiError {
  const message = `${qualifiedName(kind)} "${name}" already exists`
  return failure(409, 'AlreadyExists', message, detailsOf(kind, name))
}

export function conflict(kind: ResourceKind, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualifiedName(kind)} "${name}": ${why}`
  return failure(409, 'Conflict', message, detailsOf(kind, name))
}

export const staleObject =
  'the object has been modified; please apply your changes to the latest version and try again'

export function forbidden(kind: ResourceKind, name: string, why: string, causes?: StatusCause[]): ApiError {
  const details = { ...detailsOf(kind, name), ...(causes === undefined ? {} : { causes }) }
  return failure(403, 'Forbidden', `${qualifiedName(kind)} "${name}" is forbidden: ${why}`, details)
}

export function invalid(kind: ResourceKind, name: string, problems: FieldProblem[]): ApiError {
  const texts = problems.map(problem => `${problem.field}: ${problem.message}`)
  const list = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`
  const details: NonNullable<Status['details']> = { name, kind: kind.kind, causes: problems }
  if (kind.group !== '') details.group = kind.group
  return failure(422, 'Invalid', `${qualified} "${name}" is invalid: ${list}`, details)
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
