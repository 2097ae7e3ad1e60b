/**
 * The least of OpenAPI v3 that `kubectl apply` needs: per kind a PATCH operation that lists `fieldValidation`, by which
 * kubectl learns that the server validates (semantics §10.4). There are no schemas, so `kubectl explain` has none.
 */
import type { ResourceKind } from '../resources.ts'
import { apiGroups, resourceKinds, versionOfGroup } from '../resources.ts'

/** kubectl takes these URLs as absolute, so they repeat the prefix that it came with. */
export function openApiIndex(prefix: string): object {
  const names = ['api/v1', ...apiGroups().map(group => `apis/${group}/${versionOfGroup(group)}`)]
  const paths = names.map(
    name => [name, { serverRelativeURL: `${prefix}/openapi/v3/${name}?hash=rollproof` }] as const,
  )
  return { paths: Object.fromEntries(paths) }
}

export function openApiDocument(group: string, version: string): object | null {
  const kinds = resourceKinds.filter(kind => kind.group === group && kind.version === version)
  if (kinds.length === 0) return null
  return {
    openapi: '3.0.0',
    info: { title: 'rollproof', version: 'v1' },
    paths: Object.fromEntries(kinds.map(kind => [pathOf(kind), { patch: patchOperation(kind) }])),
    components: { schemas: {} },
  }
}

function pathOf({ group, version, namespaced, resource }: ResourceKind): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return `${root}${namespaced ? '/namespaces/{namespace}' : ''}/${resource}/{name}`
}

function patchOperation({ group, version, kind }: ResourceKind): object {
  const parameter = (name: string): object => ({
    name,
    in: 'query',
    schema: { type: 'string', uniqueItems: true },
  })
  return {
    parameters: ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map(parameter),
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}
