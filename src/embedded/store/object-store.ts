/**
 * The cluster's one store, in the place of etcd: every write gets the next number of one counter over all resources.
 *
 * A committed object is frozen and shared by all its readers, and its JSON text is made once: copies are made at the
 * doors, where somebody might change them. Subscribers are told within the commit; delays belong to them.
 */
import { assert } from '../../base/assert.ts'
import type { KubeObject } from '../../kube/types.ts'
import type { ResourceName } from '../cluster-api.ts'
import type { Change } from './change-history.ts'
import { createChangeHistory } from './change-history.ts'
import { deepFreeze } from './json.ts'
import { SortedKeys } from './sorted-keys.ts'

export interface ObjectStore {
  /** The last number given out. */
  revision(): number
  /** Frozen, as all that comes out. */
  get(resource: ResourceName, namespace: string, name: string): KubeObject | null
  /** By namespace, then name. */
  list(resource: ResourceName, namespace?: string): KubeObject[]
  /** As the list was at that revision; null when the history does not reach back that far. */
  listAt(resource: ResourceName, revision: number, namespace?: string): KubeObject[] | null
  /** Adds or replaces. The object passes into the store's possession: it is stamped and frozen. */
  put(resource: ResourceName, object: KubeObject): KubeObject
  /** The last state, stamped with the deletion's revision. */
  remove(resource: ResourceName, namespace: string, name: string): KubeObject
  /** Every change from now on, in order. Returns the stop function. */
  subscribe(resource: ResourceName, onChange: (change: Change) => void): () => void
  /** Null when the history does not reach back that far. */
  changesSince(resource: ResourceName, revision: number): Change[] | null
  oldestRevision(): number
  /** Begins with kind, apiVersion and metadata, in that order. */
  jsonOf(object: KubeObject): string
}

type Listener = (change: Change) => void

export function createObjectStore(historyLimit: number): ObjectStore {
  const objects = new Map<ResourceName, Map<string, KubeObject>>()
  const keys = new Map<ResourceName, SortedKeys>()
  const listeners = new Map<ResourceName, Set<Listener>>()
  const history = createChangeHistory(historyLimit)
  const texts = new WeakMap<KubeObject, string>()
  let revision = 0

  const objectsOf = (resource: ResourceName): Map<string, KubeObject> =>
    entryOf(objects, resource, () => new Map<string, KubeObject>())
  const keysOf = (resource: ResourceName): SortedKeys => entryOf(keys, resource, () => new SortedKeys())
  const publish = (change: Change): void => {
    history.record(change)
    // The history may hold many old states; hardly any is ever sent again.
    if (change.previous !== null) texts.delete(change.previous)
    for (const listener of [...(listeners.get(change.resource) ?? [])]) listener(change)
  }

  return {
    revision: () => revision,
    get: (resource, namespace, name) => objectsOf(resource).get(keyOf(namespace, name)) ?? null,
    list(resource, namespace) {
      const present = objectsOf(resource)
      return keysOf(resource)
        .startingWith(namespace === undefined ? '' : `${namespace}/`)
        .flatMap(key => present.get(key) ?? [])
    },
    listAt(resource, at, namespace) {
      const later = history.since(resource, at)
      return later === null ? null : pastList(objectsOf(resource), later, namespace)
    },
    put(resource, object) {
      const key = keyOfObject(object)
      const previous = objectsOf(resource).get(key) ?? null
      object.metadata.resourceVersion = String(++revision)
      deepFreeze(object)
      if (previous === null) keysOf(resource).add(key)
      objectsOf(resource).set(key, object)
      publish({ type: previous === null ? 'ADDED' : 'MODIFIED', resource, object, previous, revision })
      return object
    },
    remove(resource, namespace, name) {
      const previous = objectsOf(resource).get(keyOf(namespace, name))
      assert(previous !== undefined, `${resource} ${namespace}/${name} is not in the store`)
      objectsOf(resource).delete(keyOf(namespace, name))
      keysOf(resource).remove(keyOf(namespace, name))
      const object = stamped(previous, ++revision)
      publish({ type: 'DELETED', resource, object, previous, revision })
      return object
    },
    subscribe(resource, onChange) {
      const listener: Listener = change => onChange(change)
      const set = entryOf(listeners, resource, () => new Set())
      set.add(listener)
      return () => void set.delete(listener)
    },
    changesSince: (resource, from) => history.since(resource, from),
    oldestRevision: () => history.oldestRevision(),
    jsonOf(object) {
      const known = texts.get(object)
      if (known !== undefined) return known
      const { kind, apiVersion, metadata, ...rest } = object
      const text = JSON.stringify({ kind, apiVersion, metadata, ...rest })
      if (Object.isFrozen(object)) texts.set(object, text)
      return text
    },
  }
}

/** The present with the changes taken back, the last one first. */
function pastList(
  present: ReadonlyMap<string, KubeObject>,
  later: readonly Change[],
  namespace: string | undefined,
): KubeObject[] {
  const past = new Map(present)
  for (const { object, previous } of [...later].reverse()) {
    const key = keyOfObject(object)
    if (previous === null) past.delete(key)
    else past.set(key, previous)
  }
  const wanted = [...past].filter(([key]) => namespace === undefined || key.startsWith(`${namespace}/`))
  return wanted.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, object]) => object)
}

/** The same state under another resourceVersion. */
export function stamped(object: KubeObject, revision: number): KubeObject {
  return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } })
}

function keyOfObject({ metadata }: KubeObject): string {
  return keyOf(metadata.namespace ?? '', metadata.name)
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
