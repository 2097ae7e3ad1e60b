/** The closed table of what this API server serves: names, scope, subresources. Routing, discovery and errors read it. */
import { present } from '../../base/assert.ts'
import type { ResourceName } from '../cluster-api.ts'

export type Subresource = 'status' | 'scale' | 'binding' | 'eviction' | 'log' | StreamSubresource
/** Answered by a stream in both directions, not by an object. */
export type StreamSubresource = 'exec' | 'attach' | 'portforward'

export interface ResourceKind {
  resource: ResourceName
  /** '' is the core group. */
  group: string
  version: string
  kind: string
  singular: string
  shortNames: string[]
  categories: string[]
  namespaced: boolean
  subresources: Subresource[]
  /** A main-endpoint write keeps the stored status. */
  statusApart: boolean
}

interface Extras {
  shortNames?: string[]
  categories?: string[]
  namespaced?: boolean
  subresources?: Subresource[]
  statusApart?: boolean
}

function define(resource: ResourceName, group: string, kind: string, extras: Extras = {}): ResourceKind {
  const { shortNames = [], categories = [], namespaced = true, subresources = [] } = extras
  const statusApart = extras.statusApart ?? subresources.includes('status')
  const singular = kind.toLowerCase()
  return {
    resource,
    group,
    version: 'v1',
    kind,
    singular,
    shortNames,
    categories,
    namespaced,
    subresources,
    statusApart,
  }
}

const all = ['all']

export const resourceKinds: readonly ResourceKind[] = [
  define('pods', '', 'Pod', {
    shortNames: ['po'],
    categories: all,
    subresources: ['status', 'binding', 'eviction', 'log', 'exec', 'attach', 'portforward'],
  }),
  define('services', '', 'Service', { shortNames: ['svc'], categories: all, statusApart: true }),
  define('nodes', '', 'Node', { shortNames: ['no'], namespaced: false, subresources: ['status'] }),
  define('namespaces', '', 'Namespace', { shortNames: ['ns'], namespaced: false, statusApart: true }),
  define('events', '', 'Event', { shortNames: ['ev'] }),
  define('configmaps', '', 'ConfigMap', { shortNames: ['cm'] }),
  define('secrets', '', 'Secret'),
  define('serviceaccounts', '', 'ServiceAccount', { shortNames: ['sa'] }),
  define('endpoints', '', 'Endpoints', { shortNames: ['ep'] }),
  define('deployments', 'apps', 'Deployment', {
    shortNames: ['deploy'],
    categories: all,
    subresources: ['status', 'scale'],
  }),
  define('replicasets', 'apps', 'ReplicaSet', {
    shortNames: ['rs'],
    categories: all,
    subresources: ['status', 'scale'],
  }),
  define('endpointslices', 'discovery.k8s.io', 'EndpointSlice'),
  define('poddisruptionbudgets', 'policy', 'PodDisruptionBudget', {
    shortNames: ['pdb'],
    subresources: ['status'],
  }),
  define('leases', 'coordination.k8s.io', 'Lease'),
]

const byName = new Map(resourceKinds.map(kind => [kind.resource, kind]))

export function kindOf(resource: ResourceName): ResourceKind {
  return present(byName.get(resource), `resource ${resource}`)
}

export function findKind(group: string, version: string, plural: string): ResourceKind | null {
  const found = resourceKinds.find(kind => kind.resource === plural)
  return found !== undefined && found.group === group && found.version === version ? found : null
}

export function apiVersionOf(kind: ResourceKind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** As error messages name a resource: `pods`, `deployments.apps`. */
export function qualifiedName(kind: ResourceKind): string {
  return kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`
}

/** Group names in the order of discovery. */
export function apiGroups(): string[] {
  return [...new Set(resourceKinds.map(kind => kind.group))].filter(group => group !== '')
}
