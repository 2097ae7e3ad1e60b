/** What every operation of the registry works on: the store, the time, and the few ways to write. */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { KubeObject } from '../../kube/types.ts'
import type { ObjectStore } from '../store/object-store.ts'
import { createObjectStore } from '../store/object-store.ts'
import { deepFreeze } from '../store/json.ts'
import type { ResourceName } from '../cluster-api.ts'
import type { Settings } from '../settings.ts'
import { timestamp } from './instants.ts'

export interface RegistryOptions {
  clock: Clock
  settings: Settings
  random: Random
  /** The next free address for a Service; by default 10.96.0.1 and up. */
  allocateClusterIP?: () => string
  /** Whether an address that a Service asks for lies in the range of those. */
  isClusterIP?: (address: string) => boolean
}

export interface RegistryCore {
  readonly clock: Clock
  readonly settings: Settings
  readonly random: Random
  readonly store: ObjectStore
  readonly allocateClusterIP: () => string
  readonly isClusterIP: (address: string) => boolean
  newUid(): string
  /** Stores the object, or with `dryRun` only returns what would be stored. */
  commit(resource: ResourceName, object: KubeObject, dryRun: boolean): KubeObject
  removeObject(resource: ResourceName, object: KubeObject): void
  /** Called after each removal, with the namespace that it happened in. */
  onRemoved(listener: (namespace: string) => void): void
}

export function createRegistryCore(options: RegistryOptions): RegistryCore {
  const { clock, settings, random } = options
  const store = createObjectStore(settings.watchHistory)
  const removalListeners: ((namespace: string) => void)[] = []
  return {
    clock,
    settings,
    random,
    store,
    allocateClusterIP: options.allocateClusterIP ?? createAddressCounter(),
    isClusterIP: options.isClusterIP ?? (address => /^10\.96(\.\d{1,3}){2}$/.test(address)),
    newUid: () => newUid(random),
    commit: (resource, object, dryRun) => (dryRun ? deepFreeze(object) : store.put(resource, object)),
    removeObject(resource, { metadata }) {
      const { namespace = '', name } = metadata
      store.remove(resource, namespace, name)
      for (const listener of removalListeners) listener(namespace)
    },
    onRemoved: listener => void removalListeners.push(listener),
  }
}

export function instantOf(core: RegistryCore): string {
  return timestamp(core.clock.nowUs())
}

/** A version 4 UUID from the cluster's own randomness, so that a seed fixes it. */
function newUid(random: Random): string {
  const digits = '0123456789abcdef'
  const part = (length: number): string => random.text(length, digits)
  return `${part(8)}-${part(4)}-4${part(3)}-${random.pick(['8', '9', 'a', 'b'])}${part(3)}-${part(12)}`
}

function createAddressCounter(): () => string {
  let last = 0
  return () => {
    last += 1
    return `10.96.${Math.floor(last / 254)}.${(last % 254) + 1}`
  }
}
