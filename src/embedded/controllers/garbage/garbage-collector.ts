/**
 * The garbage collector (semantics §10.1): dependents whose owners are all gone are deleted (Background); an owner that
 * is deleted in the Foreground waits for the children that block it; one that is deleted as Orphan lets its children go.
 * Owners are the same when their uid is; a namesake is not.
 */
import type { KubeObject, OwnerReference } from '../../../kube/types.ts'
import type { ClusterApi, DeleteOptions, ResourceName } from '../../cluster-api.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { KeySink } from '../work-queue.ts'
import type { Informer } from '../informer.ts'
import { keyOf } from '../informer.ts'
import { ignoringNotFound, removeFinalizer } from '../finalizers.ts'
import { released } from '../owners.ts'

const foreground = 'foregroundDeletion'
const orphan = 'orphan'

/** Resources whose objects own others or are owned, by kind. */
const collected: Readonly<Record<string, ResourceName>> = {
  Pod: 'pods',
  ReplicaSet: 'replicasets',
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
  ControllerRevision: 'controllerrevisions',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  Node: 'nodes',
  Lease: 'leases',
  Service: 'services',
  EndpointSlice: 'endpointslices',
  Endpoints: 'endpoints',
  PodDisruptionBudget: 'poddisruptionbudgets',
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  ServiceAccount: 'serviceaccounts',
}

/** An informer of any kind of object, seen without its kind. */
type AnyInformer = Pick<Informer<KubeObject>, 'get' | 'index' | 'subscribe'>

interface Collection {
  resource: ResourceName
  informer: AnyInformer
  dependentsOf: (ownerUid: string) => KubeObject[]
}

interface Dependent {
  resource: ResourceName
  object: KubeObject
}

export function garbageCollector(context: ControllerContext): Controller {
  const collections = collectionsOf(context)
  const dependentsOf = (uid: string): Dependent[] =>
    collections.flatMap(({ resource, dependentsOf: of }) => of(uid).map(object => ({ resource, object })))
  return {
    reconcile(key) {
      const bar = key.indexOf('|')
      const of = collections.find(({ resource }) => resource === key.slice(0, bar))
      const object = of?.informer.get(key.slice(bar + 1)) ?? null
      if (of !== undefined && object !== null) collect(context.api, of.resource, object, dependentsOf)
      return null
    },
    watch: keys =>
      collections.map(({ resource, informer }) =>
        informer.subscribe(({ type, object }) => {
          if (type === 'DELETED') addFamily(keys, dependentsOf, collections, object)
          else if (concerns(object)) keys.add(`${resource}|${keyOf(object)}`)
        }),
      ),
  }
}

function collectionsOf({ informers }: ControllerContext): Collection[] {
  const named: Partial<Record<ResourceName, AnyInformer>> = {
    pods: informers.pods,
    replicasets: informers.replicaSets,
    deployments: informers.deployments,
    statefulsets: informers.statefulSets,
    daemonsets: informers.daemonSets,
    controllerrevisions: informers.revisions,
    nodes: informers.nodes,
    leases: informers.leases,
    services: informers.services,
    endpointslices: informers.endpointSlices,
    poddisruptionbudgets: informers.budgets,
    persistentvolumeclaims: informers.claims,
  }
  return Object.values(collected).map(resource => {
    const informer = named[resource] ?? informers.other(resource)
    const dependentsOf = informer.index(({ metadata }) =>
      (metadata.ownerReferences ?? []).map(({ uid }) => uid),
    )
    return { resource, informer, dependentsOf }
  })
}

/** Cheap, since it sees every change of every object: only leaving owners and possible orphans go on. */
function concerns({ metadata }: KubeObject): boolean {
  if (metadata.deletionTimestamp === undefined) return (metadata.ownerReferences ?? []).length > 0
  return (metadata.finalizers ?? []).some(finalizer => finalizer === foreground || finalizer === orphan)
}

/** Whom the end of an object concerns: what it owned, and owners that waited for it. */
function addFamily(
  keys: KeySink,
  dependentsOf: (uid: string) => Dependent[],
  collections: readonly Collection[],
  { metadata }: KubeObject,
): void {
  for (const { resource, object } of dependentsOf(metadata.uid ?? ''))
    keys.add(`${resource}|${keyOf(object)}`)
  for (const { kind, name } of metadata.ownerReferences ?? []) {
    const of = collections.find(({ resource }) => resource === collected[kind])
    const owner = of?.informer.get(`${namespaceOf(kind, metadata)}/${name}`) ?? null
    if (of !== undefined && owner?.metadata.deletionTimestamp !== undefined)
      keys.add(`${of.resource}|${keyOf(owner)}`)
  }
}

function collect(
  api: ClusterApi,
  resource: ResourceName,
  object: KubeObject,
  dependentsOf: (uid: string) => Dependent[],
): void {
  const { uid = '', deletionTimestamp, finalizers = [] } = object.metadata
  if (deletionTimestamp === undefined) return collectDependent(api, resource, object, dependentsOf)
  const dependents = dependentsOf(uid)
  if (finalizers.includes(orphan)) {
    for (const dependent of dependents) api.update(dependent.resource, released(uid, dependent.object))
    removeFinalizer(api, resource, object, orphan)
  } else if (finalizers.includes(foreground)) {
    const blocking = dependents.filter(({ object: child }) => blocks(child, uid))
    if (blocking.length === 0) return removeFinalizer(api, resource, object, foreground)
    for (const { resource: of, object: child } of dependents) {
      const policy = dependentsOf(child.metadata.uid ?? '').length > 0 ? 'Foreground' : 'Background'
      if (child.metadata.deletionTimestamp === undefined) remove(api, of, child, policy)
    }
  }
}

function blocks(child: KubeObject, ownerUid: string): boolean {
  const references = child.metadata.ownerReferences ?? []
  return references.some(({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion === true)
}

/**
 * The object and its owners are looked up live: a cache that lags must not cost a child its life, as it would when the
 * child has just been released and its owner has gone.
 */
function collectDependent(
  api: ClusterApi,
  resource: ResourceName,
  { metadata }: KubeObject,
  dependentsOf: (uid: string) => Dependent[],
): void {
  const object = api.get(resource, metadata.namespace ?? '', metadata.name)
  if (object === null || object.metadata.uid !== metadata.uid) return
  if (object.metadata.deletionTimestamp !== undefined) return
  const references = object.metadata.ownerReferences ?? []
  const fates = references.map(reference => ({ uid: reference.uid, fate: fateOf(api, object, reference) }))
  const done = fates.filter(({ fate }) => fate !== 'alive')
  if (done.length === 0) return
  if (done.length < fates.length) {
    const left = done.reduce((rest, { uid }) => released(uid, rest), object)
    api.update(resource, left)
    return
  }
  const waits = fates.some(({ fate }) => fate === 'waiting')
  const hasOwn = dependentsOf(object.metadata.uid ?? '').length > 0
  remove(api, resource, object, waits && hasOwn ? 'Foreground' : 'Background')
}

/** An owner is in its dependent's namespace, or in none. */
function namespaceOf(ownerKind: string, { namespace = '' }: KubeObject['metadata']): string {
  return ownerKind === 'Node' ? '' : namespace
}

function fateOf(
  api: ClusterApi,
  { metadata }: KubeObject,
  { kind, name, uid }: OwnerReference,
): 'alive' | 'gone' | 'waiting' {
  const resource = collected[kind]
  // An owner of a kind that is not served here cannot be looked up; its dependents are left alone.
  if (resource === undefined) return 'alive'
  const owner = api.get(resource, namespaceOf(kind, metadata), name)
  if (owner === null || owner.metadata.uid !== uid) return 'gone'
  const waiting =
    owner.metadata.deletionTimestamp !== undefined && (owner.metadata.finalizers ?? []).includes(foreground)
  return waiting ? 'waiting' : 'alive'
}

function remove(
  api: ClusterApi,
  resource: ResourceName,
  { metadata }: KubeObject,
  propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>,
): void {
  const options = { propagationPolicy, ...(metadata.uid === undefined ? {} : { uid: metadata.uid }) }
  ignoringNotFound(() => api.delete(resource, metadata.namespace ?? '', metadata.name, options))
}
