/**
 * How server-side apply divides an object: which lists are maps by key or sets, and which objects count as one value.
 * The facts are the `+listType`, `+listMapKey`, `+structType` and `+mapType` markers of k8s.io/api 1.34; where nothing is
 * said, a list is one value and an object is divided into its fields.
 */
import type { ResourceName } from '../../cluster-api.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'

export type ListType =
  | { kind: 'map'; keys: readonly string[]; defaults: Readonly<JsonObject> }
  | { kind: 'set' }
  | { kind: 'atomic' }

const atomic: ListType = { kind: 'atomic' }
const set: ListType = { kind: 'set' }

function by(keys: readonly string[], defaults: JsonObject = {}): ListType {
  return { kind: 'map', keys, defaults }
}

const byName = by(['name'])
const protocolDefault = { protocol: 'TCP' }

/** By the list's name and its owner's; an owner of '' is any. */
const lists: Readonly<Record<string, Readonly<Record<string, ListType>>>> = {
  finalizers: { metadata: set },
  ownerReferences: { metadata: by(['uid']) },
  podCIDRs: { spec: set },
  conditions: { status: by(['type']) },
  containers: { spec: byName },
  initContainers: { spec: byName },
  ephemeralContainers: { spec: byName },
  imagePullSecrets: { spec: byName },
  resourceClaims: { spec: byName },
  schedulingGates: { spec: byName },
  volumes: { spec: byName },
  hostAliases: { spec: by(['ip']) },
  podIPs: { status: by(['ip']) },
  topologySpreadConstraints: { spec: by(['topologyKey', 'whenUnsatisfiable']) },
  claims: { resources: byName },
  env: { '': byName },
  volumeDevices: { '': by(['devicePath']) },
  volumeMounts: { '': by(['mountPath']) },
}

const containerLists = new Set(['containers', 'initContainers', 'ephemeralContainers'])

const atomicObjects = new Set([
  'configMapKeyRef',
  'fieldRef',
  'fileKeyRef',
  'resourceFieldRef',
  'secretKeyRef',
  'nodeSelector',
  'labelSelector',
  'nodePublishSecretRef',
  'dataSource',
  'selector',
  'involvedObject',
  'related',
  'roleRef',
  'podSelector',
  'controllerExpandSecretRef',
  'controllerPublishSecretRef',
  'nodeExpandSecretRef',
  'nodeStageSecretRef',
  'scopeSelector',
])

/** `path` = the field names on the way down, the list's own name last; items add nothing to it. */
export function listTypeOf(resource: ResourceName, path: readonly string[]): ListType {
  const name = path.at(-1) ?? ''
  const owner = path.at(-2) ?? ''
  if (name === 'ports') {
    if (containerLists.has(owner)) return by(['containerPort', 'protocol'], protocolDefault)
    return resource === 'services' && path.length === 2 ? by(['port', 'protocol'], protocolDefault) : atomic
  }
  if (name === 'addresses') return resource === 'nodes' ? by(['type']) : atomic
  if (name === 'secrets') return resource === 'serviceaccounts' ? byName : atomic
  const owners = Object.hasOwn(lists, name) ? lists[name] : undefined
  if (owners === undefined) return atomic
  return owners[''] ?? (Object.hasOwn(owners, owner) ? owners[owner] : undefined) ?? atomic
}

/** Whether an object has one owner as a whole; so have the items of lists of references. */
export function isAtomicObject(resource: ResourceName, path: readonly string[], isItem: boolean): boolean {
  const name = path.at(-1) ?? ''
  if (isItem)
    return (
      name === 'ownerReferences' ||
      name === 'imagePullSecrets' ||
      (name === 'secrets' && resource === 'serviceaccounts')
    )
  const owner = path.at(-2) ?? ''
  switch (name) {
    case 'requiredDuringSchedulingIgnoredDuringExecution':
      return owner === 'nodeAffinity'
    case 'secretRef':
      return owner !== 'envFrom'
    case 'data':
      // Of a ControllerRevision: anybody's content.
      return resource !== 'configmaps' && resource !== 'secrets'
    case 'resource':
      return resource === 'ingresses'
    case 'port':
      return resource === 'ingresses' && owner === 'service'
    case 'required':
      return resource === 'persistentvolumes' && owner === 'nodeAffinity'
    default:
      return atomicObjects.has(name)
  }
}

/** How FieldsV1 names an item: `k:{…}` by its keys in alphabetical order, `v:…` by its value. */
export function itemElement(type: ListType, item: Json): string {
  if (type.kind !== 'map') return `v:${JSON.stringify(item)}`
  return `k:${JSON.stringify(itemKeys(type, item))}`
}

function itemKeys({ keys, defaults }: Extract<ListType, { kind: 'map' }>, item: Json): JsonObject {
  const found: JsonObject = {}
  for (const key of [...keys].sort()) {
    const value = (isObject(item) ? item[key] : undefined) ?? defaults[key]
    found[key] = value ?? (key === 'port' || key === 'containerPort' ? 0 : '')
  }
  return found
}
