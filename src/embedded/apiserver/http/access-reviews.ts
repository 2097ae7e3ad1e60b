/**
 * "May I?" and "who am I?": the holder of the token may do everything, so every review is answered with yes. Clients ask
 * before they act (`kubectl auth can-i`), and a server that does not answer looks like one that forbids.
 */
import type { JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import type { FieldProblem } from '../api-errors.ts'
import { badRequest, failure, methodNotAllowed } from '../api-errors.ts'
import { readObject } from './bodies.ts'
import type { Exchange } from './exchange.ts'
import { sendJson } from './exchange.ts'

const authorization = 'authorization.k8s.io'
const authentication = 'authentication.k8s.io'

export const reviewGroups: readonly string[] = [authentication, authorization]

const version = 'v1'
const kinds = [
  { group: authentication, kind: 'SelfSubjectReview', namespaced: false },
  { group: authorization, kind: 'LocalSubjectAccessReview', namespaced: true },
  { group: authorization, kind: 'SelfSubjectAccessReview', namespaced: false },
  { group: authorization, kind: 'SelfSubjectRulesReview', namespaced: false },
  { group: authorization, kind: 'SubjectAccessReview', namespaced: false },
] as const

type ReviewKind = (typeof kinds)[number]

/** Whom an administrator's kubeconfig names (kubeadm, cmd/phases/init/kubeconfig.go); no name is ever asked for here. */
const userInfo = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }

const resourceOf = (kind: string): string => `${kind.toLowerCase()}s`

export function isReviewGroup(group: string, groupVersion: string): boolean {
  return reviewGroups.includes(group) && groupVersion === version
}

export function reviewResourceList(group: string): object {
  const resources = kindsOf(group).map(({ kind, namespaced }) => ({
    name: resourceOf(kind),
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs: ['create'],
  }))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/${version}`, resources }
}

export function aggregatedReviews(group: string): object[] {
  return kindsOf(group).map(({ kind, namespaced }) => ({
    resource: resourceOf(kind),
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.toLowerCase(),
    verbs: ['create'],
  }))
}

const kindsOf = (group: string): ReviewKind[] => kinds.filter(one => one.group === group)

/** False when the path is no review. */
export async function answerReview(exchange: Exchange): Promise<boolean> {
  const named = placeOf(exchange.path)
  if (named === null) return false
  if (exchange.method !== 'POST') throw methodNotAllowed()
  const { group, kind, namespace } = named
  const review = await readObject(exchange, { group, version, kind })
  const spec = isObject(review['spec']) ? review['spec'] : {}
  if (group === authorization) refuseIncomplete(kind, namespace, spec)
  sendJson(exchange, 201, {
    kind,
    apiVersion: `${group}/${version}`,
    metadata: isObject(review['metadata']) ? review['metadata'] : {},
    ...answerTo(kind, spec),
  })
  return true
}

function answerTo(kind: ReviewKind['kind'], spec: JsonObject): object {
  if (kind === 'SelfSubjectReview') return { status: { userInfo } }
  return kind === 'SelfSubjectRulesReview'
    ? { spec: {}, status: everything }
    : { spec, status: { allowed: true } }
}

const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
}

function placeOf(path: string): (Pick<ReviewKind, 'group' | 'kind'> & { namespace: string }) | null {
  const match = /^\/apis\/([^/]+)\/v1\/(?:namespaces\/([^/]+)\/)?([a-z]+)\/?$/.exec(path)
  if (match === null) return null
  const [, group = '', namespace = '', resource = ''] = match
  const found = kindsOf(group).find(({ kind }) => resourceOf(kind) === resource)
  if (found === undefined || found.namespaced !== (namespace !== '')) return null
  return { group: found.group, kind: found.kind, namespace: decodeURIComponent(namespace) }
}

function refuseIncomplete(kind: ReviewKind['kind'], namespace: string, spec: JsonObject): void {
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
  return failure(422, 'Invalid', `.${authorization} "" is invalid: ${list}`, {
    group: authorization,
    causes: problems,
  })
}
