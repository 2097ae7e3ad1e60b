/**
 * The API server without its bytes. In-process parts use it as `ClusterApi`: they get copies, and changes after the
 * fan-out delay. HTTP uses the rest: frozen objects with their JSON text, and changes within the commit.
 */
import type { KubeObject, Status } from '../../kube/types.ts'
import type { ClusterApi, DeleteOptions, ResourceName, WatchHandler } from '../cluster-api.ts'
import type { Change } from '../store/change-history.ts'
import { copyJson, without } from '../store/json.ts'
import { bindPod } from './binding.ts'
import { createDelayedQueue } from './delayed-queue.ts'
import type { Deletion, DeleteRequest } from './deletion.ts'
import { deleteObject } from './deletion.ts'
import { createEventRecorder } from './event-recorder.ts'
import { evictPod } from './eviction.ts'
import { notFound } from './api-errors.ts'
import { deleteNamespace, finishNamespace } from './namespace-lifecycle.ts'
import type { WriteOptions } from './object-writes.ts'
import { createObject, updateObject } from './object-writes.ts'
import type { RegistryCore, RegistryOptions } from './registry-core.ts'
import { createRegistryCore } from './registry-core.ts'
import { kindOf } from './resources.ts'

export type { RegistryOptions } from './registry-core.ts'

export interface Registry extends ClusterApi {
  /** The frozen object; throws NotFound. */
  read(resource: ResourceName, namespace: string, name: string): KubeObject
  /** Frozen objects and the resourceVersion that they are of. */
  snapshot(resource: ResourceName, namespace?: string): { items: KubeObject[]; revision: number }
  /** As it was at that revision; null when the history does not reach back so far. */
  snapshotAt(resource: ResourceName, revision: number, namespace?: string): KubeObject[] | null
  jsonOf(object: KubeObject): string
  post(resource: ResourceName, object: unknown, options?: WriteOptions): KubeObject
  put(resource: ResourceName, object: unknown, part: 'main' | 'status', options?: WriteOptions): KubeObject
  remove(resource: ResourceName, namespace: string, name: string, request?: DeleteRequest): Deletion
  /** Throws the 429 of a disruption budget. */
  evict(namespace: string, pod: string, request?: DeleteRequest): Status
  bindTo(namespace: string, pod: string, node: string, options?: WriteOptions): void
  revision(): number
  /** Null when the history does not reach back so far: 410 Expired. */
  changesSince(resource: ResourceName, revision: number): Change[] | null
  oldestRevision(): number
  /** Each change within its commit. Returns the stop function. */
  onChange(resource: ResourceName, listener: (change: Change) => void): () => void
  /** A draw of the fan-out delay. */
  fanOutMs(): number
  /** A draw of how long a watch lasts whose client names no limit. */
  watchLimitSeconds(): number
  /** The same for a part of the cluster that writes under a name of its own, as managedFields record it. */
  as(manager: string): ClusterApi
}

export function createRegistry(options: RegistryOptions): Registry {
  const core = createRegistryCore(options)
  const { store } = core
  core.onRemoved(namespace => finishNamespace(core, namespace))
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
    createObject(core, 'namespaces', { metadata: { name } })

  const remove = (
    resource: ResourceName,
    namespace: string,
    name: string,
    request: DeleteRequest = {},
  ): Deletion =>
    resource === 'namespaces'
      ? deleteNamespace(core, name, request.dryRun ?? false)
      : deleteObject(core, resource, namespace, name, request)

  return {
    ...inProcess(core, remove, ''),
    read(resource, namespace, name) {
      const object = store.get(resource, namespace, name)
      if (object === null) throw notFound(kindOf(resource), name)
      return object
    },
    snapshot: (resource, namespace) => ({
      items: store.list(resource, namespace),
      revision: store.revision(),
    }),
    snapshotAt: (resource, revision, namespace) => store.listAt(resource, revision, namespace),
    jsonOf: object => store.jsonOf(object),
    post: (resource, object, write) => createObject(core, resource, object, write),
    put: (resource, object, part, write) => updateObject(core, resource, object, part, write),
    remove,
    evict: (namespace, pod, request) => evictPod(core, namespace, pod, request),
    bindTo: (namespace, pod, node, write) => bindPod(core, namespace, pod, node, write?.dryRun),
    revision: () => store.revision(),
    changesSince: (resource, revision) => store.changesSince(resource, revision),
    oldestRevision: () => store.oldestRevision(),
    onChange: (resource, listener) => store.subscribe(resource, listener),
    fanOutMs: () => fanOutMs(core),
    // As a real server's --min-request-timeout, times one to two.
    watchLimitSeconds: () => core.random.between(1800, 3600),
    as: manager => inProcess(core, remove, manager),
  }
}

function fanOutMs({ random, settings }: RegistryCore): number {
  return random.between(settings.watchFanOutMs.low, settings.watchFanOutMs.high)
}

type Remove = (resource: ResourceName, namespace: string, name: string, options?: DeleteOptions) => Deletion

/** A manager of '' leaves no trace in managedFields. */
function inProcess(core: RegistryCore, remove: Remove, manager: string): ClusterApi {
  const { store } = core
  const tracking = (subresource: string): WriteOptions =>
    manager === '' ? {} : { tracking: { manager, subresource } }
  return {
    create: (resource, object) =>
      privateCopy(createObject(core, resource, object, tracking(''))) as typeof object,
    get<T extends KubeObject>(resource: ResourceName, namespace: string, name: string) {
      const object = store.get(resource, namespace, name)
      return object === null ? null : (privateCopy(object) as T)
    },
    list<T extends KubeObject>(resource: ResourceName, namespace?: string) {
      return store.list(resource, namespace).map(privateCopy) as T[]
    },
    update: (resource, object) =>
      privateCopy(updateObject(core, resource, object, 'main', tracking(''))) as typeof object,
    updateStatus: (resource, object) =>
      privateCopy(updateObject(core, resource, object, 'status', tracking('status'))) as typeof object,
    delete(resource, namespace, name, options) {
      const { object, removed } = remove(resource, namespace, name, options)
      return removed ? null : privateCopy(object)
    },
    bind: (namespace, pod, node) => bindPod(core, namespace, pod, node),
    watch: (resource, handler) => watchInProcess(core, resource, handler),
    recordEvent: createEventRecorder(core),
  }
}

/** Without the record of owners, which no part reads and which is half of an object's size; a write keeps it. */
function privateCopy(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return copyJson(object)
  return copyJson({ ...object, metadata: without(object.metadata, 'managedFields') })
}

function watchInProcess<T extends KubeObject>(
  core: RegistryCore,
  resource: ResourceName,
  handler: WatchHandler<T>,
): () => void {
  const queue = createDelayedQueue<Pick<Change, 'type' | 'object' | 'previous'>>(core.clock, change => {
    const previous = change.previous === null ? null : privateCopy(change.previous)
    handler(change.type, privateCopy(change.object) as T, previous as T | null)
  })
  for (const object of core.store.list(resource))
    queue.push({ type: 'ADDED', object, previous: null }, fanOutMs(core))
  const unsubscribe = core.store.subscribe(resource, change => queue.push(change, fanOutMs(core)))
  return () => {
    unsubscribe()
    queue.stop()
  }
}
