/**
 * The API server without its bytes. In-process parts use it as `ClusterApi`: they get copies, and changes after the
 * fan-out delay. HTTP uses the rest: frozen objects with their JSON text, and changes within the commit.
 */
import type { KubeObject, Status } from '../../kube/types.ts'
import type { ClusterApi, DeleteOptions, ResourceName, WatchHandler } from '../cluster-api.ts'
import type { Change } from '../store/change-history.ts'
import { copyJson } from '../store/json.ts'
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
    ...inProcess(core, remove),
    read(resource, namespace, name) {
      const object = store.get(resource, namespace, name)
      if (object === null) throw notFound(kindOf(resource), name)
      return object
    },
    snapshot: (resource, namespace) => ({
      items: store.list(resource, namespace),
      revision: store.revision(),
    }),
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
  }
}

function fanOutMs({ random, settings }: RegistryCore): number {
  return random.between(settings.watchFanOutMs.low, settings.watchFanOutMs.high)
}

type Remove = (resource: ResourceName, namespace: string, name: string, options?: DeleteOptions) => Deletion

function inProcess(core: RegistryCore, remove: Remove): ClusterApi {
  const { store } = core
  return {
    create: (resource, object) => copyJson(createObject(core, resource, object)) as typeof object,
    get<T extends KubeObject>(resource: ResourceName, namespace: string, name: string) {
      return copyJson(store.get(resource, namespace, name)) as T | null
    },
    list<T extends KubeObject>(resource: ResourceName, namespace?: string) {
      return copyJson(store.list(resource, namespace)) as T[]
    },
    update: (resource, object) => copyJson(updateObject(core, resource, object, 'main')) as typeof object,
    updateStatus: (resource, object) =>
      copyJson(updateObject(core, resource, object, 'status')) as typeof object,
    delete(resource, namespace, name, options) {
      const { object, removed } = remove(resource, namespace, name, options)
      return removed ? null : copyJson(object)
    },
    bind: (namespace, pod, node) => bindPod(core, namespace, pod, node),
    watch: (resource, handler) => watchInProcess(core, resource, handler),
    recordEvent: createEventRecorder(core),
  }
}

function watchInProcess<T extends KubeObject>(
  core: RegistryCore,
  resource: ResourceName,
  handler: WatchHandler<T>,
): () => void {
  const queue = createDelayedQueue<Pick<Change, 'type' | 'object' | 'previous'>>(core.clock, change => {
    handler(change.type, copyJson(change.object) as T, copyJson(change.previous) as T | null)
  })
  for (const object of core.store.list(resource))
    queue.push({ type: 'ADDED', object, previous: null }, fanOutMs(core))
  const unsubscribe = core.store.subscribe(resource, change => queue.push(change, fanOutMs(core)))
  return () => {
    unsubscribe()
    queue.stop()
  }
}
