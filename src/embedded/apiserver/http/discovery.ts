/** Discovery, all from the table of kinds: plain, and aggregated for clients that ask for it (semantics §10.4, A.5). */
import type { ResourceKind, Subresource } from '../resources.ts'
import { apiGroups, servedKinds, versionsOfGroup } from '../resources.ts'
import { aggregatedReviews, isReviewGroup, reviewGroups, reviewResourceList } from './access-reviews.ts'

interface SubresourceKind {
  group: string
  version: string
  kind: string
  verbs: string[]
}

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** Namespaces are deleted one by one. */
function verbsOf({ resource }: ResourceKind): string[] {
  return resource === 'namespaces' ? allVerbs.filter(verb => verb !== 'deletecollection') : allVerbs
}

function subresourceKind(kind: ResourceKind, subresource: Subresource): SubresourceKind {
  const own = { group: kind.group, version: kind.version, kind: kind.kind }
  switch (subresource) {
    case 'status':
      return { ...own, verbs: ['get', 'patch', 'update'] }
    case 'scale':
      return { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] }
    case 'eviction':
      return { group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] }
    case 'binding':
      return { group: '', version: 'v1', kind: 'Binding', verbs: ['create'] }
    case 'log':
      return { ...own, verbs: ['get'] }
    case 'exec':
      return { group: '', version: 'v1', kind: 'PodExecOptions', verbs: ['create', 'get'] }
    case 'attach':
      return { group: '', version: 'v1', kind: 'PodAttachOptions', verbs: ['create', 'get'] }
    case 'portforward':
      return { group: '', version: 'v1', kind: 'PodPortForwardOptions', verbs: ['create', 'get'] }
  }
}

/** The address is the one that this client came to. */
export function apiVersions(serverAddress: string): object {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress }]
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs }
}

export function apiGroupList(): object {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [...apiGroups(), ...reviewGroups].map(name => groupOf(name)),
  }
}

export function apiGroup(name: string): object | null {
  return apiGroups().includes(name) || reviewGroups.includes(name)
    ? { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name) }
    : null
}

function groupOf(name: string): object {
  const versions = versionsOfGroup(name).map(version => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}

/** In the order of their names, as a real server lists them. */
function kindsOf(group: string, version: string): ResourceKind[] {
  const kinds = servedKinds.filter(kind => kind.group === group && kind.version === version)
  return kinds.sort((one, other) => (one.resource < other.resource ? -1 : 1))
}

export function resourceList(group: string, version: string): object | null {
  if (isReviewGroup(group, version)) return reviewResourceList(group)
  const kinds = kindsOf(group, version)
  if (kinds.length === 0) return null
  const groupVersion = group === '' ? version : `${group}/${version}`
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: kinds.flatMap(resourcesOf) }
}

function resourcesOf(kind: ResourceKind): object[] {
  const { resource, singular, namespaced, shortNames, categories } = kind
  const main = {
    name: resource,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: verbsOf(kind),
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
  }
  const subresources = [...kind.subresources].sort().map(subresource => {
    const of = subresourceKind(kind, subresource)
    const foreign = of.group !== kind.group ? { group: of.group, version: of.version } : {}
    const name = `${resource}/${subresource}`
    return { name, singularName: '', namespaced, ...foreign, kind: of.kind, verbs: of.verbs }
  })
  return [main, ...subresources]
}

export type AggregatedVersion = 'v2' | 'v2beta1'

export function aggregatedType(version: AggregatedVersion): string {
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
}

/** `/api` answers for the core group, `/apis` for the others. */
export function aggregatedDiscovery(root: 'api' | 'apis', version: AggregatedVersion): object {
  const groups = root === 'api' ? [''] : [...apiGroups(), ...reviewGroups]
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(name => ({
      metadata: name === '' ? {} : { name },
      versions: versionsOfGroup(name).map(version => ({
        version,
        resources: reviewGroups.includes(name) ? aggregatedReviews(name) : aggregatedResources(name, version),
        freshness: 'Current',
      })),
    })),
  }
}

function aggregatedResources(group: string, version: string): object[] {
  return kindsOf(group, version).map(kind => ({
    resource: kind.resource,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: verbsOf(kind),
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(kind.subresources.length > 0 ? { subresources: aggregatedSubresources(kind) } : {}),
  }))
}

function aggregatedSubresources(kind: ResourceKind): object[] {
  return [...kind.subresources].sort().map(subresource => {
    const of = subresourceKind(kind, subresource)
    const responseKind = { group: of.group, version: of.version, kind: of.kind }
    return { subresource, responseKind, verbs: of.verbs }
  })
}
