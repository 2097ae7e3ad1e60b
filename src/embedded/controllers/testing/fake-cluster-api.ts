/**
 * A ClusterApi in memory for tests: the contract of cluster-api.ts and no more. Defaults of Deployments, generations,
 * resource versions, graceful deletion of pods, finalizers, status apart from spec; changes reach watchers through the
 * fake clock, each watcher in order.
 */
import type { Clock } from '../../../base/clock.ts'
import type { Random } from '../../../base/random.ts'
import type { Deployment, KubeObject, Pod } from '../../../kube/types.ts'
import type { ClusterApi, DeleteOptions, ResourceName, WatchHandler, WatchType } from '../../cluster-api.ts'
import { ApiError } from '../../cluster-api.ts'
import { canonicalJson } from '../canonical-json.ts'
import { withCondition } from '../conditions.ts'
import { keyOf } from '../informer.ts'
import { timestamp } from '../instant.ts'

type Stored = KubeObject & { spec?: unknown; status?: unknown }
const countsGenerations = new Set<ResourceName>([
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'poddisruptionbudgets',
  'endpointslices',
])
const statusApart = new Set<ResourceName>([
  'pods',
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'poddisruptionbudgets',
  'nodes',
])

export interface RecordedEvent {
  about: string
  reason: string
  message: string
}

interface Watcher {
  handler: WatchHandler<KubeObject>
  lastUs: number
}

export class FakeClusterApi implements ClusterApi {
  readonly events: RecordedEvent[] = []
  readonly #clock: Clock
  readonly #random: Random
  readonly #objects = new Map<ResourceName, Map<string, Stored>>()
  readonly #watchers = new Map<ResourceName, Set<Watcher>>()
  /** Called after each write, with the present state in place. */
  onWrite: (resource: ResourceName, object: KubeObject) => void = () => undefined
  #version = 0

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  create<T extends KubeObject>(resource: ResourceName, object: T): T {
    const fresh: Stored = structuredClone(object)
    const { metadata } = fresh
    if (metadata.name === '')
      metadata.name = `${metadata.generateName ?? ''}${this.#random.text(5, 'bcdfghjkl')}`
    if (this.#of(resource).has(keyOf(fresh))) throw refusal(409, 'AlreadyExists', keyOf(fresh))
    metadata.uid = this.#random.text(12, '0123456789abcdef')
    metadata.creationTimestamp = timestamp(this.#clock.nowUs())
    if (countsGenerations.has(resource)) metadata.generation = 1
    if (statusApart.has(resource) && resource !== 'nodes') delete fresh.status
    if (resource === 'deployments') setDefaults(fresh as Deployment)
    if (resource === 'pods') fresh.status = { phase: 'Pending' }
    return this.#commit(resource, fresh, 'ADDED') as T
  }

  get<T extends KubeObject>(resource: ResourceName, namespace: string, name: string): T | null {
    const found = this.#of(resource).get(`${namespace}/${name}`)
    return found === undefined ? null : (structuredClone(found) as KubeObject as T)
  }

  list<T extends KubeObject>(resource: ResourceName, namespace?: string): T[] {
    const all = [...this.#of(resource).values()]
    const wanted = all.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
    return structuredClone(wanted) as KubeObject[] as T[]
  }

  update<T extends KubeObject>(resource: ResourceName, object: T): T {
    const before = this.#present(resource, object)
    const next: Stored = structuredClone(object)
    if (statusApart.has(resource)) {
      delete next.status
      if (before.status !== undefined) next.status = before.status
    }
    const { generation } = before.metadata
    if (generation !== undefined)
      next.metadata.generation = generation + (contentOf(resource, next, before) ? 1 : 0)
    return this.#replace(resource, before, next) as T
  }

  updateStatus<T extends KubeObject>(resource: ResourceName, object: T): T {
    const before = this.#present(resource, object)
    const { status } = object as Stored
    return this.#replace(resource, before, { ...before, status: structuredClone(status) }) as T
  }

  delete(
    resource: ResourceName,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): KubeObject | null {
    const before = this.#of(resource).get(`${namespace}/${name}`)
    if (before === undefined) throw refusal(404, 'NotFound', name)
    if (options.uid !== undefined && options.uid !== before.metadata.uid) throw refusal(409, 'Conflict', name)
    const metadata = { ...before.metadata, finalizers: [...(before.metadata.finalizers ?? [])] }
    if (options.propagationPolicy === 'Foreground') metadata.finalizers.push('foregroundDeletion')
    if (options.propagationPolicy === 'Orphan') metadata.finalizers.push('orphan')
    const graceSeconds = resource === 'pods' ? graceOf(before as Pod, options) : 0
    if (graceSeconds === 0 && metadata.finalizers.length === 0) return this.#remove(resource, before)
    if (before.metadata.deletionTimestamp === undefined) {
      metadata.deletionTimestamp = timestamp(this.#clock.nowUs() + graceSeconds * 1_000_000)
      metadata.deletionGracePeriodSeconds = graceSeconds
    }
    return this.#replace(resource, before, { ...before, metadata })
  }

  bind(namespace: string, pod: string, node: string): void {
    const before = this.#of('pods').get(`${namespace}/${pod}`) as Pod | undefined
    if (before === undefined) throw refusal(404, 'NotFound', pod)
    if (before.spec.nodeName !== undefined) throw refusal(409, 'Conflict', pod)
    const conditions = withCondition(before.status?.conditions, { type: 'PodScheduled', status: 'True' })
    const next = {
      ...before,
      spec: { ...before.spec, nodeName: node },
      status: { ...before.status, conditions },
    }
    this.#replace('pods', before, next)
  }

  watch<T extends KubeObject>(resource: ResourceName, handler: WatchHandler<T>): () => void {
    const watchers = this.#watchers.get(resource) ?? new Set()
    const watcher: Watcher = { handler: handler as WatchHandler<KubeObject>, lastUs: 0 }
    this.#watchers.set(resource, watchers.add(watcher))
    for (const object of this.#of(resource).values()) this.#deliver(watchers, watcher, 'ADDED', object, null)
    return () => void watchers.delete(watcher)
  }

  recordEvent(about: KubeObject, _type: string, reason: string, message: string): void {
    this.events.push({ about: about.metadata.name, reason, message })
  }

  evict(): void {
    throw new Error('only the registry knows evictions')
  }

  #of(resource: ResourceName): Map<string, Stored> {
    const objects = this.#objects.get(resource) ?? new Map<string, Stored>()
    this.#objects.set(resource, objects)
    return objects
  }

  #present(resource: ResourceName, object: KubeObject): Stored {
    const before = this.#of(resource).get(keyOf(object))
    if (before === undefined) throw refusal(404, 'NotFound', keyOf(object))
    const { resourceVersion } = object.metadata
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) {
      throw refusal(409, 'Conflict', keyOf(object))
    }
    return before
  }

  #replace(resource: ResourceName, before: Stored, next: Stored): KubeObject {
    if (canonicalJson(before) === canonicalJson(next)) return structuredClone(before)
    const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = next.metadata
    if (deletionTimestamp !== undefined && finalizers.length === 0 && deletionGracePeriodSeconds === 0) {
      this.#remove(resource, before)
      return next
    }
    return this.#commit(resource, { ...next, metadata: { ...next.metadata } }, 'MODIFIED')
  }

  #remove(resource: ResourceName, object: Stored): null {
    this.#of(resource).delete(keyOf(object))
    this.#tell(resource, 'DELETED', object, object)
    return null
  }

  #commit(resource: ResourceName, object: Stored, type: WatchType): KubeObject {
    const previous = this.#of(resource).get(keyOf(object)) ?? null
    object.metadata.resourceVersion = String(++this.#version)
    this.#of(resource).set(keyOf(object), object)
    this.#tell(resource, type, object, previous)
    return structuredClone(object)
  }

  #tell(resource: ResourceName, type: WatchType, object: Stored, previous: Stored | null): void {
    this.onWrite(resource, object)
    const watchers = this.#watchers.get(resource)
    for (const watcher of watchers ?? []) this.#deliver(watchers, watcher, type, object, previous)
  }

  #deliver(
    watchers: Set<Watcher> | undefined,
    watcher: Watcher,
    type: WatchType,
    object: Stored,
    previous: Stored | null,
  ): void {
    const nowUs = this.#clock.nowUs()
    watcher.lastUs = Math.max(watcher.lastUs, nowUs + Math.round(this.#random.between(1000, 5000)))
    const copy = structuredClone(object)
    this.#clock.after((watcher.lastUs - nowUs) / 1000, () => {
      if (watchers?.has(watcher) === true) watcher.handler(type, copy, previous)
    })
  }
}

function setDefaults({ spec }: Deployment): void {
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  spec.strategy ??= {}
  spec.strategy.type ??= 'RollingUpdate'
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate = { maxSurge: '25%', maxUnavailable: '25%', ...spec.strategy.rollingUpdate }
  }
}

function graceOf({ spec, status }: Pod, { gracePeriodSeconds }: DeleteOptions): number {
  const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed'
  if (spec.nodeName === undefined || ended) return 0
  return gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30
}

function contentOf(resource: ResourceName, next: Stored, before: Stored): boolean {
  const content = (object: Stored): string =>
    canonicalJson({ ...object, metadata: undefined, status: undefined })
  const annotations = resource === 'deployments'
  return (
    content(next) !== content(before) ||
    (annotations && canonicalJson(next.metadata.annotations) !== canonicalJson(before.metadata.annotations))
  )
}

function refusal(code: number, reason: string, what: string): ApiError {
  const message = `${reason}: ${what}`
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code,
    reason,
    message,
  })
}
