/** The paths of one group version as OpenAPI operations. They are made from discovery, so that the two cannot differ. */
import { hasType } from '../schema/go-types.ts'
import { typeNameOf } from '../schema/kind-types.ts'
import type { GroupVersionKind } from '../schema/openapi-schemas.ts'
import { refTo } from '../schema/openapi-schemas.ts'
import { resourceList } from './discovery.ts'

/** An entry of a discovery document. */
interface ServedResource {
  /** With a slash: a subresource. */
  name: string
  namespaced: boolean
  kind: string
  group?: string
  version?: string
  verbs: readonly string[]
}

interface Target extends GroupVersionKind {
  resource: string
  subresource: string
  namespaced: boolean
  verbs: readonly string[]
  /** The group version that serves it. */
  root: string
}

export function targetsOf(group: string, version: string): Target[] {
  const served = resourceList(group, version) as { resources: readonly ServedResource[] } | null
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return (served?.resources ?? []).map(entry => {
    const [resource = '', subresource = ''] = entry.name.split('/')
    const { kind, namespaced, verbs } = entry
    const own = { group: entry.group ?? group, version: entry.version ?? version, kind }
    return { ...own, resource, subresource, namespaced, verbs, root }
  })
}

export function pathsOf(targets: readonly Target[]): Record<string, object> {
  const paths: Record<string, object> = {}
  for (const target of targets) {
    const { root, resource, subresource, namespaced, verbs } = target
    const collection = `${root}/${namespaced ? 'namespaces/{namespace}/' : ''}${resource}`
    if (subresource !== '') paths[`${collection}/{name}/${subresource}`] = namedPath(target, subresource)
    else {
      if (verbs.includes('list') || verbs.includes('create')) paths[collection] = collectionPath(target)
      if (verbs.includes('get')) paths[`${collection}/{name}`] = namedPath(target, '')
      if (namespaced && verbs.includes('list')) paths[`${root}/${resource}`] = everywherePath(target)
    }
  }
  return paths
}

const parameter = (name: string, type: string): object => ({
  name,
  in: 'query',
  schema: { type, uniqueItems: true },
})
const placeParameter = (name: string): object => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string', uniqueItems: true },
})

const listing = [
  parameter('allowWatchBookmarks', 'boolean'),
  parameter('continue', 'string'),
  parameter('fieldSelector', 'string'),
  parameter('labelSelector', 'string'),
  parameter('limit', 'integer'),
  parameter('resourceVersion', 'string'),
  parameter('resourceVersionMatch', 'string'),
  parameter('sendInitialEvents', 'boolean'),
  parameter('timeoutSeconds', 'integer'),
  parameter('watch', 'boolean'),
]
const writing = ['dryRun', 'fieldManager', 'fieldValidation'].map(name => parameter(name, 'string'))
const patching = [...writing, parameter('force', 'boolean')]
const deleting = [
  parameter('dryRun', 'string'),
  parameter('gracePeriodSeconds', 'integer'),
  parameter('orphanDependents', 'boolean'),
  parameter('propagationPolicy', 'string'),
]

const patchTypes = ['apply-patch+yaml', 'json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json']

function collectionPath(target: Target): object {
  const { kind, namespaced, verbs } = target
  const list = operation(target, 'list', `list or watch objects of kind ${kind}`, {
    parameters: listing,
    responses: answers([200], target, `${kind}List`),
  })
  const create = operation(target, 'post', `create a ${kind}`, {
    parameters: writing,
    requestBody: body('*/*', typeNameOf(target)),
    responses: answers([200, 201, 202], target, kind),
  })
  const remove = operation(target, 'deletecollection', `delete collection of ${kind}`, {
    parameters: [...deleting, ...listing],
    requestBody: body('*/*', 'meta/v1.DeleteOptions'),
    responses: answers([200], { group: 'meta', version: 'v1' }, 'Status'),
  })
  return {
    ...(verbs.includes('list') ? { get: list } : {}),
    ...(verbs.includes('create') ? { post: create } : {}),
    ...(verbs.includes('deletecollection') ? { delete: remove } : {}),
    parameters: [...(namespaced ? [placeParameter('namespace')] : []), parameter('pretty', 'string')],
  }
}

function everywherePath(target: Target): object {
  const get = operation(target, 'list', `list or watch objects of kind ${target.kind}`, {
    responses: answers([200], target, `${target.kind}List`),
  })
  return { get, parameters: [...listing, parameter('pretty', 'string')] }
}

function namedPath(target: Target, subresource: string): object {
  const { kind, namespaced, verbs } = target
  const what = subresource === '' ? 'the specified' : `${subresource} of the specified`
  const type = typeNameOf(target)
  const both = answers([200, 201], target, kind)
  const operations: [verb: string, method: string, operation: object][] = [
    [
      'get',
      'get',
      operation(target, 'get', `read ${what} ${kind}`, {
        responses: subresource === 'log' ? textAnswer : answers([200], target, kind),
      }),
    ],
    [
      'update',
      'put',
      operation(target, 'put', `replace ${what} ${kind}`, {
        parameters: writing,
        requestBody: body('*/*', type),
        responses: both,
      }),
    ],
    [
      'create',
      'post',
      operation(target, 'post', `create ${subresource} of a ${kind}`, {
        parameters: writing,
        requestBody: body('*/*', type),
        responses: answers([200, 201, 202], target, kind),
      }),
    ],
    [
      'delete',
      'delete',
      operation(target, 'delete', `delete a ${kind}`, {
        parameters: deleting,
        requestBody: body('*/*', 'meta/v1.DeleteOptions'),
        responses: answers([200, 202], { group: 'meta', version: 'v1' }, 'Status'),
      }),
    ],
    [
      'patch',
      'patch',
      operation(target, 'patch', `partially update ${what} ${kind}`, {
        parameters: patching,
        requestBody: patchBody,
        responses: both,
      }),
    ],
  ]
  // The verb `create` of a resource belongs to its collection, that of a subresource to the object.
  const offered = operations.filter(
    ([verb]) => verbs.includes(verb) && (verb !== 'create' || subresource !== ''),
  )
  const parameters = [
    placeParameter('name'),
    ...(namespaced ? [placeParameter('namespace')] : []),
    parameter('pretty', 'string'),
  ]
  return { ...Object.fromEntries(offered.map(([, method, of]) => [method, of])), parameters }
}

function operation(
  { root, group, version, kind }: Target,
  action: string,
  description: string,
  rest: object,
): object {
  const tag = root.split('/').slice(2).join('_').replaceAll('.k8s.io', '').replaceAll('.', '')
  return {
    tags: [root.startsWith('/api/') ? `core_${tag}` : tag],
    description,
    ...rest,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}

function body(mediaType: string, type: string): object {
  const schema = hasType(type) ? refTo(type) : { type: 'object' }
  return { content: { [mediaType]: { schema } }, required: true }
}

const patchBody = {
  content: Object.fromEntries(
    patchTypes.map(type => [`application/${type}`, { schema: refTo('meta/v1.Patch') }]),
  ),
  required: true,
}

const textAnswer = {
  200: { description: 'OK', content: { 'text/plain': { schema: { type: 'string' } } } },
  401: { description: 'Unauthorized' },
}

const texts: Record<number, string> = { 200: 'OK', 201: 'Created', 202: 'Accepted' }

function answers(codes: readonly number[], of: { group: string; version: string }, kind: string): object {
  const type = typeNameOf({ ...of, kind })
  const schema = hasType(type) ? refTo(type) : { type: 'object' }
  const content = { 'application/json': { schema } }
  const entries = codes.map(code => [code, { description: texts[code] ?? '', content }] as const)
  return { ...Object.fromEntries(entries), 401: { description: 'Unauthorized' } }
}
