/**
 * A controller's view of one resource: what its watch has delivered so far, never more. Reading from here and not from
 * the API server is what makes a controller act on slightly old state, as a real one does; resource versions and
 * expectations then keep it safe.
 *
 * Objects in the cache are shared by all readers: clone before changing one.
 */
import type { KubeObject } from '../../kube/types.ts'
import type { ClusterApi, ResourceName, WatchType } from '../cluster-api.ts'

export interface Change<T extends KubeObject> {
  type: WatchType
  object: T
  /** As the cache had it before; null for ADDED. */
  previous: T | null
}

export type ChangeHandler<T extends KubeObject> = (change: Change<T>) => void

export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

interface Index<T> {
  keysOf: (object: T) => string[]
  entries: Map<string, Map<string, T>>
}

export class Informer<T extends KubeObject> {
  readonly #api: ClusterApi
  readonly #resource: ResourceName
  readonly #objects = new Map<string, T>()
  readonly #indexes: Index<T>[] = []
  readonly #handlers = new Set<ChangeHandler<T>>()

  constructor(api: ClusterApi, resource: ResourceName) {
    this.#api = api
    this.#resource = resource
  }

  /** Returns the stop function. */
  start(): () => void {
    return this.#api.watch<T>(this.#resource, (type, object) => this.#deliver(type, object))
  }

  get(key: string): T | null {
    return this.#objects.get(key) ?? null
  }

  all(): T[] {
    return [...this.#objects.values()]
  }

  /** Keeps objects findable by the keys that `keysOf` gives them. To be called before `start`. */
  index(keysOf: (object: T) => string[]): (key: string) => T[] {
    const entries = new Map<string, Map<string, T>>()
    this.#indexes.push({ keysOf, entries })
    return key => [...(entries.get(key)?.values() ?? [])]
  }

  /** Replays what is there as ADDED, then hands on every change. Returns the stop function. */
  subscribe(handler: ChangeHandler<T>): () => void {
    for (const object of this.#objects.values()) handler({ type: 'ADDED', object, previous: null })
    this.#handlers.add(handler)
    return () => void this.#handlers.delete(handler)
  }

  #deliver(type: WatchType, object: T): void {
    const key = keyOf(object)
    const previous = this.#objects.get(key) ?? null
    for (const index of this.#indexes) {
      if (previous !== null) removeFrom(index, key, previous)
      if (type !== 'DELETED') addTo(index, key, object)
    }
    if (type === 'DELETED') this.#objects.delete(key)
    else this.#objects.set(key, object)
    for (const handler of this.#handlers) handler({ type, object, previous })
  }
}

function addTo<T>(index: Index<T>, key: string, object: T): void {
  for (const entry of index.keysOf(object)) {
    const objects = index.entries.get(entry)
    if (objects === undefined) index.entries.set(entry, new Map([[key, object]]))
    else objects.set(key, object)
  }
}

function removeFrom<T>(index: Index<T>, key: string, object: T): void {
  for (const entry of index.keysOf(object)) {
    const objects = index.entries.get(entry)
    objects?.delete(key)
    if (objects?.size === 0) index.entries.delete(entry)
  }
}
