/** By which field the items of a list are told apart in a strategic merge; a list without a key is replaced whole (semantics §10.3). */
import type { ResourceName } from '../../cluster-api.ts'

/** `primitive` lists merge as sets. */
export type ListStrategy = { key: string } | 'primitive' | 'atomic'

const keys = new Map<string, string>([
  ['containers', 'name'],
  ['initContainers', 'name'],
  ['ephemeralContainers', 'name'],
  ['volumes', 'name'],
  ['env', 'name'],
  ['imagePullSecrets', 'name'],
  ['volumeMounts', 'mountPath'],
  ['volumeDevices', 'devicePath'],
  ['topologySpreadConstraints', 'topologyKey'],
  ['hostAliases', 'ip'],
  ['schedulingGates', 'name'],
  ['conditions', 'type'],
  ['ownerReferences', 'uid'],
  ['podIPs', 'ip'],
  ['hostIPs', 'ip'],
])

/** `path` = the field names on the way down to the list, the list's own name last. */
export function listStrategy(resource: ResourceName, path: readonly string[]): ListStrategy {
  const name = path.at(-1) ?? ''
  if (path.join('.') === 'metadata.finalizers') return 'primitive'
  if (name === 'ports') return portStrategy(resource, path)
  if (name === 'addresses') return resource === 'nodes' ? { key: 'type' } : 'atomic'
  if (name === 'secrets') return resource === 'serviceaccounts' ? { key: 'name' } : 'atomic'
  const key = keys.get(name)
  // EndpointSlices have an object called conditions, not a list; strategies are asked for lists only.
  return key === undefined ? 'atomic' : { key }
}

function portStrategy(resource: ResourceName, path: readonly string[]): ListStrategy {
  if (resource === 'services') return { key: 'port' }
  const owner = path.at(-2)
  return owner === 'containers' || owner === 'initContainers' ? { key: 'containerPort' } : 'atomic'
}
