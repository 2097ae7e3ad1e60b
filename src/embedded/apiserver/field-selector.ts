/** Field selectors: equality on a closed list of fields per kind; any other field is a 400 (semantics §10.1). */
import type { KubeObject } from '../../kube/types.ts'
import { isObject } from '../store/json.ts'
import type { ResourceName } from '../cluster-api.ts'
import { badRequest } from './api-errors.ts'
import type { ObjectFilter } from './label-selector.ts'
import type { ResourceKind } from './resources.ts'
import { eventSelectors } from './views/events.ts'

const everywhere = ['metadata.name', 'metadata.namespace']
const more: Partial<Record<ResourceName, string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  replicasets: ['status.replicas'],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
}
/** These have a list of their own in Kubernetes, and other words for what is not on it. */
const ownWords = new Set<ResourceName>(['pods', 'nodes', 'namespaces', 'secrets', 'services', 'events'])
/** Fields that are booleans read as `false` when absent. */
const booleans = new Set(['spec.unschedulable', 'spec.hostNetwork'])

interface Term {
  path: string
  equal: boolean
  value: string
}

export interface FieldSelection {
  matches: ObjectFilter
  /** The one name that is asked for, if one is. */
  name: string | null
}

export function parseFieldSelector(kind: ResourceKind, text: string): FieldSelection {
  const terms = splitTerms(text)
    .filter(term => term !== '')
    .map(term => parseTerm(kind, term))
  const named = terms.find(({ path, equal }) => path === 'metadata.name' && equal)
  return {
    matches: object => terms.every(({ path, equal, value }) => (fieldText(object, path) === value) === equal),
    name: named?.value ?? null,
  }
}

/** At the commas that no backslash protects. */
function splitTerms(text: string): string[] {
  return text.split(/(?<!\\),/)
}

function parseTerm(kind: ResourceKind, term: string): Term {
  const parts = /^((?:[^=!\\]|\\.|!(?!=))*)(==|!=|=)(.*)$/s.exec(term)
  if (parts === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`)
  const [, path = '', operator, value = ''] = parts
  return { path: storedPath(kind, path), equal: operator !== '!=', value: unescaped(value) }
}

function storedPath({ resource, view }: ResourceKind, path: string): string {
  const isView = resource === 'events' && view !== null
  const known = isView ? [...eventSelectors.keys()] : [...everywhere, ...(more[resource] ?? [])]
  if (!known.includes(path))
    throw badRequest(
      ownWords.has(resource)
        ? `field label not supported: ${path}`
        : `"${path}" is not a known field selector: only ${everywhere.map(name => `"${name}"`).join(', ')}`,
    )
  return isView ? (eventSelectors.get(path) ?? path) : path
}

function unescaped(value: string): string {
  const bad = /\\(?![\\,=])(.?)/.exec(value.replaceAll(/\\[\\,=]/g, ''))
  if (bad !== null) throw badRequest(`invalid field selector: invalid escape sequence: \\${bad[1] ?? ''}`)
  return value.replaceAll(/\\([\\,=])/g, '$1')
}

function fieldText(object: KubeObject, path: string): string {
  if (path === 'source')
    return fieldText(object, 'source.component') || fieldText(object, 'reportingComponent')
  let value: unknown = object
  for (const name of path.split('.')) value = isObject(value) ? value[name] : undefined
  if (value === undefined || value === null) return booleans.has(path) ? 'false' : ''
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}
