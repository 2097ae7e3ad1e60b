/**
 * "May I?": the holder of the token may do everything, so every review is answered with yes. Clients ask before they
 * act (`kubectl auth can-i`), and a server that does not answer looks like one that forbids.
 */
import type { JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import type { FieldProblem } from '../api-errors.ts'
import { badRequest, failure, methodNotAllowed } from '../api-errors.ts'
import { readObject } from './bodies.ts'
import type { Exchange } from './exchange.ts'
import { sendJson } from './exchange.ts'

export const reviewGroup = 'authorization.k8s.io'

const version = 'v1'
const kinds = [
  { kind: 'LocalSubjectAccessReview', namespaced: true },
  { kind: 'SelfSubjectAccessReview', namespaced: false },
  { kind: 'SelfSubjectRulesReview', namespaced: false },
  { kind: 'SubjectAccessReview', namespaced: false },
] as const

type ReviewKind = (typeof kinds)[number]['kind']

const resourceOf = (kind: string): string => `${kind.toLowerCase()}s`

export function isReviewGroup(group: string, groupVersion: string): boolean {
  return group === reviewGroup && groupVersion === version
}

export function reviewResourceList(): object {
  const resources = kinds.map(({ kind, namespaced }) => ({
    name: resourceOf(kind),
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs: ['create'],
  }))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${reviewGroup}/${version}`, resources }
}

export function aggregatedReviews(): object[] {
  return kinds.map(({ kind, namespaced }) => ({
    resource: resourceOf(kind),
    responseKind: { group: reviewGroup, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.toLowerCase(),
    verbs: ['create'],
  }))
}

/** False when the path is no review. */
export async function answerReview(exchange: Exchange): Promise<boolean> {
  const named = placeOf(exchange.path)
  if (named === null) return false
  if (exchange.method !== 'POST') throw methodNotAllowed()
  const { kind, namespace } = named
  const review = await readObject(exchange, { group: reviewGroup, version, kind })
  const spec = isObject(review['spec']) ? review['spec'] : {}
  refuseIncomplete(kind, namespace, spec)
  const status = kind === 'SelfSubjectRulesReview' ? everything : { allowed: true }
  const metadata = isObject(review['metadata']) ? review['metadata'] : {}
  const answered = kind === 'SelfSubjectRulesReview' ? {} : spec
  sendJson(exchange, 201, {
    kind,
    apiVersion: `${reviewGroup}/${version}`,
    metadata,
    spec: answered,
    status,
  })
  return true
}

const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
}

function placeOf(path: string): { kind: ReviewKind; namespace: string } | null {
  const match = /^\/apis\/authorization\.k8s\.io\/v1\/(?:namespaces\/([^/]+)\/)?([a-z]+)\/?$/.exec(path)
  if (match === null) return null
  const [, namespace = '', resource = ''] = match
  const found = kinds.find(({ kind }) => resourceOf(kind) === resource)
  if (found === undefined || found.namespaced !== (namespace !== '')) return null
  return { kind: found.kind, namespace: decodeURIComponent(namespace) }
}

function refuseIncomplete(kind: ReviewKind, namespace: string, spec: JsonObject): void {
  if (kind === 'SelfSubjectRulesReview') {
    if ((spec['namespace'] ?? '') === '') throw badRequest('no namespace on request')
    return
  }
  const problems: FieldProblem[] = []
  const invalid = (field: string, message: string): void =>
    void problems.push({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${message}` })
  const { resourceAttributes, nonResourceAttributes } = spec
  if (isObject(resourceAttributes) === isObject(nonResourceAttributes))
    invalid(
      'spec.resourceAttributes',
      'null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    )
  const groups = Array.isArray(spec['groups']) ? spec['groups'] : []
  if (kind !== 'SelfSubjectAccessReview' && (spec['user'] ?? '') === '' && groups.length === 0)
    invalid('spec.user', '"": at least one of user or group must be specified')
  const given = isObject(resourceAttributes) ? (resourceAttributes['namespace'] ?? '') : namespace
  if (kind === 'LocalSubjectAccessReview' && given !== namespace)
    invalid('spec.resourceAttributes.namespace', `${JSON.stringify(given)}: must match metadata.namespace`)
  if (problems.length > 0) throw incomplete(problems)
}

function incomplete(problems: FieldProblem[]): Error {
  const texts = problems.map(({ field, message }) => `${field}: ${message}`)
  const list = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`
  return failure(422, 'Invalid', `.${reviewGroup} "" is invalid: ${list}`, {
    group: reviewGroup,
    causes: problems,
  })
}
