/** Where objects are found in the API. Plural names follow Kubernetes's rule for the kinds that manifests may hold. Pure. */
import type { KubeObject } from './types.ts'

/** Kinds that lie in no namespace. */
const clusterWide = [
  'Namespace',
  'Node',
  'PriorityClass',
  'ClusterRole',
  'ClusterRoleBinding',
  'StorageClass',
]

export interface ResourceKind {
  /** Empty for the core group. */
  group: string
  resource: string
  namespaced: boolean
}

export function resourceOf({ apiVersion, kind }: KubeObject): ResourceKind {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
  return { group, resource: pluralOf(kind), namespaced: !clusterWide.includes(kind) }
}

export function collectionPath(object: KubeObject, namespace: string): string {
  const { apiVersion, metadata } = object
  const { resource, namespaced } = resourceOf(object)
  const prefix = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return namespaced
    ? `${prefix}/namespaces/${metadata.namespace ?? namespace}/${resource}`
    : `${prefix}/${resource}`
}

function pluralOf(kind: string): string {
  const lower = kind.toLowerCase()
  if (lower.endsWith('s')) return `${lower}es`
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`
}
