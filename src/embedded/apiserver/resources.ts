/** The closed table of what this API server stores and serves: names, scope, subresources. Routing, discovery and errors read it. */
import { present } from '../../base/assert.ts'
import type { ResourceName } from '../cluster-api.ts'
import { autoscalerView } from './views/autoscalers.ts'
import { eventView } from './views/events.ts'
import type { View } from './views/view.ts'

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
  /** A PUT creates what is not there. */
  createOnUpdate: boolean
  /** Stored and served, but nothing in this cluster acts on it. */
  storedOnly: boolean
  /** Null: served as it is stored. */
  view: View | null
}

interface Extras {
  shortNames?: string[]
  categories?: string[]
  namespaced?: boolean
  subresources?: Subresource[]
  statusApart?: boolean
  createOnUpdate?: boolean
  storedOnly?: boolean
  version?: string
  view?: View
}

function define(resource: ResourceName, group: string, kind: string, extras: Extras = {}): ResourceKind {
  const { shortNames = [], categories = [], namespaced = true, subresources = [] } = extras
  const statusApart = extras.statusApart ?? subresources.includes('status')
  const { createOnUpdate = false, storedOnly = false, version = 'v1', view = null } = extras
  const singular = kind.toLowerCase()
  return {
    resource,
    group,
    version,
    kind,
    singular,
    shortNames,
    categories,
    namespaced,
    subresources,
    statusApart,
    createOnUpdate,
    storedOnly,
    view,
  }
}

const all = ['all']

/** What Helm charts render beside their workloads: kept, so that they can be applied. */
function storedOnlyKinds(): ResourceKind[] {
  const stored = (resource: ResourceName, group: string, kind: string, extras: Extras = {}): ResourceKind =>
    define(resource, group, kind, { ...extras, storedOnly: true })
  const rbac = 'rbac.authorization.k8s.io'
  const networking = 'networking.k8s.io'
  const clusterWide = { namespaced: false }
  const status: { subresources: Subresource[] } = { subresources: ['status'] }
  return [
    stored('limitranges', '', 'LimitRange', { shortNames: ['limits'], createOnUpdate: true }),
    stored('resourcequotas', '', 'ResourceQuota', { shortNames: ['quota'], ...status }),
    stored('roles', rbac, 'Role', { createOnUpdate: true }),
    stored('rolebindings', rbac, 'RoleBinding', { createOnUpdate: true }),
    stored('clusterroles', rbac, 'ClusterRole', { createOnUpdate: true, ...clusterWide }),
    stored('clusterrolebindings', rbac, 'ClusterRoleBinding', { createOnUpdate: true, ...clusterWide }),
    stored('ingresses', networking, 'Ingress', { shortNames: ['ing'], ...status }),
    stored('ingressclasses', networking, 'IngressClass', clusterWide),
    stored('networkpolicies', networking, 'NetworkPolicy', { shortNames: ['netpol'] }),
    stored('horizontalpodautoscalers', 'autoscaling', 'HorizontalPodAutoscaler', {
      version: 'v2',
      shortNames: ['hpa'],
      categories: all,
      ...status,
    }),
    stored('jobs', 'batch', 'Job', { categories: all, ...status }),
    stored('cronjobs', 'batch', 'CronJob', { shortNames: ['cj'], categories: all, ...status }),
    stored('priorityclasses', 'scheduling.k8s.io', 'PriorityClass', { shortNames: ['pc'], ...clusterWide }),
  ]
}

export const resourceKinds: readonly ResourceKind[] = [
  define('pods', '', 'Pod', {
    shortNames: ['po'],
    categories: all,
    subresources: ['status', 'binding', 'eviction', 'log', 'exec', 'attach', 'portforward'],
  }),
  define('services', '', 'Service', {
    shortNames: ['svc'],
    categories: all,
    subresources: ['status'],
    createOnUpdate: true,
  }),
  define('nodes', '', 'Node', { shortNames: ['no'], namespaced: false, subresources: ['status'] }),
  define('namespaces', '', 'Namespace', { shortNames: ['ns'], namespaced: false, subresources: ['status'] }),
  define('events', '', 'Event', { shortNames: ['ev'], createOnUpdate: true }),
  define('configmaps', '', 'ConfigMap', { shortNames: ['cm'] }),
  define('secrets', '', 'Secret'),
  define('serviceaccounts', '', 'ServiceAccount', { shortNames: ['sa'] }),
  define('endpoints', '', 'Endpoints', { shortNames: ['ep'], createOnUpdate: true }),
  define('persistentvolumeclaims', '', 'PersistentVolumeClaim', {
    shortNames: ['pvc'],
    subresources: ['status'],
  }),
  define('persistentvolumes', '', 'PersistentVolume', {
    shortNames: ['pv'],
    namespaced: false,
    subresources: ['status'],
  }),
  define('storageclasses', 'storage.k8s.io', 'StorageClass', { shortNames: ['sc'], namespaced: false }),
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
  define('statefulsets', 'apps', 'StatefulSet', {
    shortNames: ['sts'],
    categories: all,
    subresources: ['status', 'scale'],
  }),
  define('daemonsets', 'apps', 'DaemonSet', {
    shortNames: ['ds'],
    categories: all,
    subresources: ['status'],
  }),
  define('controllerrevisions', 'apps', 'ControllerRevision'),
  define('endpointslices', 'discovery.k8s.io', 'EndpointSlice'),
  define('poddisruptionbudgets', 'policy', 'PodDisruptionBudget', {
    shortNames: ['pdb'],
    subresources: ['status'],
  }),
  define('leases', 'coordination.k8s.io', 'Lease', { createOnUpdate: true }),
  ...storedOnlyKinds(),
]

/** Stored kinds in a second form. */
const views: readonly ResourceKind[] = [
  define('events', 'events.k8s.io', 'Event', { shortNames: ['ev'], createOnUpdate: true, view: eventView }),
  define('horizontalpodautoscalers', 'autoscaling', 'HorizontalPodAutoscaler', {
    shortNames: ['hpa'],
    categories: all,
    subresources: ['status'],
    storedOnly: true,
    view: autoscalerView,
  }),
]

/** All that a client can name; of the forms of a kind the stored one first. */
export const servedKinds: readonly ResourceKind[] = [...resourceKinds, ...views]

const byName = new Map(resourceKinds.map(kind => [kind.resource, kind]))

export function kindOf(resource: ResourceName): ResourceKind {
  return present(byName.get(resource), `resource ${resource}`)
}

export function findKind(group: string, version: string, plural: string): ResourceKind | null {
  const found = servedKinds.find(
    kind => kind.resource === plural && kind.group === group && kind.version === version,
  )
  return found ?? null
}

export function apiVersionOf(kind: ResourceKind): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
}

/** Group names in the order of discovery. */
export function apiGroups(): string[] {
  return [...new Set(servedKinds.map(kind => kind.group))].filter(group => group !== '')
}

export function isServedGroup(group: string): boolean {
  return group !== '' && servedKinds.some(kind => kind.group === group)
}

/** The preferred one first. A group without kinds, which only reviews things, has one too. */
export function versionsOfGroup(group: string): string[] {
  const versions = servedKinds.filter(kind => kind.group === group).map(({ version }) => version)
  return versions.length === 0 ? ['v1'] : [...new Set(versions)]
}
