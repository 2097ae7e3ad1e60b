/** Field selectors: equality on a closed list of fields per kind; any other field is a 400 (semantics §10.1). */
import type { KubeObject } from '../../kube/types.ts'
import { isObject } from '../store/json.ts'
import type { ResourceName } from '../cluster-api.ts'
import { badRequest } from './api-errors.ts'
import type { ObjectFilter } from './label-selector.ts'

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
/** Fields that are booleans read as `false` when absent. */
const booleans = new Set(['spec.unschedulable', 'spec.hostNetwork'])

export function parseFieldSelector(resource: ResourceName, text: string): ObjectFilter {
  const terms = text
    .split(',')
    .map(term => term.trim())
    .filter(term => term !== '')
    .map(term => parseTerm(resource, term))
  return object => terms.every(({ path, equal, value }) => (fieldText(object, path) === value) === equal)
}

function parseTerm(resource: ResourceName, term: string): { path: string; equal: boolean; value: string } {
  const parts = /^([^=!]+)(==|=|!=)(.*)$/.exec(term)
  if (parts === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`)
  const [, path = '', operator, value = ''] = parts
  if (!everywhere.includes(path) && !(more[resource] ?? []).includes(path))
    throw badRequest(`field label not supported: ${path}`)
  return { path, equal: operator !== '!=', value }
}

function fieldText(object: KubeObject, path: string): string {
  if (path === 'source') return fieldText(object, 'source.component')
  let value: unknown = object
  for (const name of path.split('.')) value = isObject(value) ? value[name] : undefined
  if (value === undefined || value === null) return booleans.has(path) ? 'false' : ''
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : ''
}
