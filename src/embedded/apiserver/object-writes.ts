/**
 * Create and update, the way Kubernetes's generic registry does them: server-owned metadata, status apart from spec,
 * the generation bump, optimistic concurrency, and no write at all when nothing changed (semantics §1.1, §10.1).
 */
import type { KubeObject, Pod, Service } from '../../kube/types.ts'
import type { DaemonSet } from '../workload-types.ts'
import type { PersistentVolumeClaim, StorageClass } from '../storage/storage-types.ts'
import { isObject, sameJson, without } from '../store/json.ts'
import type { ResourceName } from '../cluster-api.ts'
import {
  alreadyExists,
  badRequest,
  conflict,
  failure,
  forbidden,
  notFound,
  staleObject,
} from './api-errors.ts'
import { admitPod } from './defaults/pod-defaults.ts'
import { admitClaim, admitVolume } from './defaults/storage-admission.ts'
import { mountToken } from './defaults/service-account-token.ts'
import { initialStatus, setDefaults } from './defaults/object-defaults.ts'
import { countTemplates } from './defaults/template-generation.ts'
import { decodeObject } from './decoding/decode.ts'
import { instantOf } from './registry-core.ts'
import type { RegistryCore } from './registry-core.ts'
import type { ResourceKind } from './resources.ts'
import { kindOf } from './resources.ts'
import { allocateForService } from './service-allocation.ts'
import type { Tracking } from './ownership.ts'
import { trackCreation, trackUpdate } from './ownership.ts'
import { validate } from './validation/validate.ts'

export interface WriteOptions {
  dryRun?: boolean
  /** Who writes, for managedFields; without it what is recorded stays as it is. */
  tracking?: Tracking
}

/** Of all kinds only these count generations. */
const counted: readonly ResourceName[] = [
  'deployments',
  'replicasets',
  'statefulsets',
  'daemonsets',
  'poddisruptionbudgets',
  'endpointslices',
]

type Body = KubeObject & { spec?: unknown; status?: unknown }

export function createObject(
  core: RegistryCore,
  resource: ResourceName,
  input: unknown,
  options: WriteOptions = {},
): KubeObject {
  const kind = kindOf(resource)
  const object: Body = decodeObject(kind, input)
  checkNamespace(core, kind, object)
  const { metadata } = object
  if (metadata.name === '' && (metadata.generateName ?? '') !== '')
    metadata.name = generatedName(core, metadata.generateName ?? '')
  if ((metadata.resourceVersion ?? '') !== '')
    throw failure(500, '', 'resourceVersion should not be set on objects to be created')
  stampNew(core, kind, object)
  setDefaults(resource, object)
  trackCreation(core, kind, object, options.tracking)
  if (resource === 'pods' && (object as Partial<Pod>).spec !== undefined) admit(core, object as Pod)
  if (resource === 'persistentvolumeclaims')
    admitClaim(object as PersistentVolumeClaim, core.store.list('storageclasses') as StorageClass[])
  if (resource === 'persistentvolumes') admitVolume(object)
  if (resource === 'daemonsets') countTemplates(object as DaemonSet, null)
  if (resource === 'services') allocateForService(core, object as Service, null)
  validate(kind, object, null, core.settings.kubernetesMinor)
  const status = initialStatus(resource, object)
  if (status !== undefined) object.status = status
  if (core.store.get(resource, metadata.namespace ?? '', metadata.name) !== null)
    throw alreadyExists(kind, metadata.name)
  return core.commit(resource, object, options.dryRun ?? false)
}

export function updateObject(
  core: RegistryCore,
  resource: ResourceName,
  input: unknown,
  part: 'main' | 'status',
  options: WriteOptions = {},
): KubeObject {
  const kind = kindOf(resource)
  const object: Body = decodeObject(kind, input)
  if (part === 'main' && isMissing(core, kind, object)) return createByUpdate(core, kind, object, options)
  const existing = requireExisting(core, kind, object)
  const next =
    part === 'status' ? withStatusOf(existing, object) : withStoredParts(core, kind, object, existing)
  if (part === 'main') {
    setDefaults(resource, next)
    if (resource === 'daemonsets') countTemplates(next as DaemonSet, existing as DaemonSet)
    if (resource === 'services') allocateForService(core, next as Service, existing as Service)
    validate(kind, next, existing, core.settings.kubernetesMinor)
    bumpGeneration(core, resource, next, existing)
  }
  trackUpdate(core, kind, existing, next, object, options.tracking)
  next.metadata.resourceVersion = existing.metadata.resourceVersion ?? ''
  if (sameJson(next, existing)) return existing
  if (resource !== 'namespaces' && isReleased(next)) {
    if (options.dryRun !== true) core.removeObject(resource, next)
    return next
  }
  return core.commit(resource, next, options.dryRun ?? false)
}

function isMissing(
  core: RegistryCore,
  { resource, createOnUpdate, namespaced }: ResourceKind,
  { metadata }: KubeObject,
): boolean {
  const namespace = namespaced ? (metadata.namespace ?? '') : ''
  return createOnUpdate && metadata.name !== '' && core.store.get(resource, namespace, metadata.name) === null
}

/** Of a few kinds a PUT may create, if it names no version that it replaces. */
function createByUpdate(
  core: RegistryCore,
  kind: ResourceKind,
  object: Body,
  options: WriteOptions,
): KubeObject {
  const { name, resourceVersion = '', uid = '' } = object.metadata
  if (resourceVersion !== '' || uid !== '') throw notFound(kind, name)
  return createObject(core, kind.resource, object, options)
}

/** On its way out, and nobody holds it back any more. */
function isReleased({ metadata }: KubeObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0
  )
}

function checkNamespace(core: RegistryCore, kind: ResourceKind, { metadata }: KubeObject): void {
  if (!kind.namespaced) {
    delete metadata.namespace
    return
  }
  const name = metadata.namespace ?? ''
  if (name === '') throw badRequest('an empty namespace may not be set during creation')
  const namespace = core.store.get('namespaces', '', name)
  if (namespace === null) throw notFound(kindOf('namespaces'), name)
  if (namespace.metadata.deletionTimestamp === undefined) return
  const message = `namespace ${name} is being terminated`
  const why = `unable to create new content in namespace ${name} because it is being terminated`
  const cause = { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }
  throw forbidden(kind, metadata.name, why, [cause])
}

/** 27 letters and digits that spell no words (semantics §1.7). */
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789'

function generatedName(core: RegistryCore, prefix: string): string {
  return prefix.slice(0, 58) + core.random.text(5, nameAlphabet)
}

/** The pod's own word on its token goes before its service account's. */
function admit(core: RegistryCore, { metadata, spec }: Pod): void {
  admitPod(spec)
  type Automounting = { automountServiceAccountToken?: boolean }
  const name = spec.serviceAccountName ?? ''
  const account = core.store.get('serviceaccounts', metadata.namespace ?? '', name) as Automounting | null
  const own = (spec as Automounting).automountServiceAccountToken
  if (own ?? account?.automountServiceAccountToken ?? true)
    mountToken(spec, () => core.random.text(5, nameAlphabet))
}

function stampNew(core: RegistryCore, { resource, statusApart }: ResourceKind, object: Body): void {
  const { metadata } = object
  if (statusApart) delete object.status
  metadata.uid = core.newUid()
  metadata.creationTimestamp = instantOf(core)
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.generation
  if (counts(core, resource)) metadata.generation = 1
  dropEmptyMetadata(object)
}

function counts(core: RegistryCore, resource: ResourceName): boolean {
  return counted.includes(resource) || (resource === 'pods' && core.settings.kubernetesMinor >= 33)
}

function requireExisting(core: RegistryCore, kind: ResourceKind, { metadata }: KubeObject): KubeObject {
  if (!kind.namespaced) delete metadata.namespace
  const { name, uid = '', resourceVersion = '' } = metadata
  const existing = core.store.get(kind.resource, metadata.namespace ?? '', name)
  if (existing === null) throw notFound(kind, name)
  const { uid: storedUid = '' } = existing.metadata
  if (uid !== '' && uid !== storedUid)
    throw conflict(
      kind,
      name,
      `StorageError: invalid object, Code: 4, Key: ${storageKey(kind, metadata)}, ResourceVersion: 0, ` +
        `AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${storedUid}`,
    )
  if (!/^[0-9]*$/.test(resourceVersion))
    throw failure(500, '', `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`)
  if (
    resourceVersion !== '' &&
    resourceVersion !== '0' &&
    resourceVersion !== existing.metadata.resourceVersion
  )
    throw conflict(kind, name, staleObject)
  return existing
}

/** A Deployment's status leaves its zeros out on the wire. */
function withoutZeros(status: unknown): unknown {
  if (!isObject(status)) return status
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0))
}

function storageKey(
  { resource, namespaced }: ResourceKind,
  { namespace = '', name }: KubeObject['metadata'],
): string {
  return `/registry/${resource}/${namespaced ? `${namespace}/` : ''}${name}`
}

/** Status alone is taken from the new object. */
/** A status write of a Deployment may carry annotations: that is how its controller notes the revision (§1.7). */
function withStatusOf(existing: Body, { kind, metadata, status }: Body): Body {
  const next: Body = { ...without(existing, 'status'), metadata: { ...existing.metadata } }
  if (status !== undefined) next.status = kind === 'Deployment' ? withoutZeros(status) : status
  if (kind === 'Deployment' && metadata.annotations !== undefined)
    next.metadata.annotations = metadata.annotations
  return next
}

/** What a client cannot change through the main endpoint comes from the stored object. */
function withStoredParts(core: RegistryCore, kind: ResourceKind, object: Body, existing: Body): Body {
  const { metadata } = object
  const stored = existing.metadata
  const kept: KubeObject['metadata'] = { ...metadata }
  for (const key of [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
  ] as const)
    Reflect.deleteProperty(kept, key)
  if (stored.uid !== undefined) kept.uid = stored.uid
  if (stored.creationTimestamp !== undefined) kept.creationTimestamp = stored.creationTimestamp
  if (stored.deletionTimestamp !== undefined) kept.deletionTimestamp = stored.deletionTimestamp
  if (stored.deletionGracePeriodSeconds !== undefined)
    kept.deletionGracePeriodSeconds = stored.deletionGracePeriodSeconds
  if (counts(core, kind.resource) && stored.generation !== undefined) kept.generation = stored.generation
  if (stored.generateName !== undefined) kept.generateName = stored.generateName
  delete kept.managedFields
  if (stored.managedFields !== undefined) kept.managedFields = stored.managedFields
  const next: Body = { ...object, metadata: kept }
  if (kind.statusApart) {
    delete next.status
    if (existing.status !== undefined) next.status = existing.status
  }
  dropEmptyMetadata(next)
  return next
}

function bumpGeneration(core: RegistryCore, resource: ResourceName, next: Body, existing: Body): void {
  const { generation } = existing.metadata
  if (!counts(core, resource) || generation === undefined) return
  if (contentChanged(resource, next, existing)) next.metadata.generation = generation + 1
}

function contentChanged(resource: ResourceName, next: Body, existing: Body): boolean {
  const mapChanged = (name: 'annotations' | 'labels'): boolean =>
    !sameJson(next.metadata[name] ?? {}, existing.metadata[name] ?? {})
  if (resource === 'endpointslices')
    return mapChanged('labels') || !sameJson(without(next, 'metadata'), without(existing, 'metadata'))
  return !sameJson(next.spec, existing.spec) || (resource === 'deployments' && mapChanged('annotations'))
}

/** An empty map or list is an absent one: else it would count as a change. */
function dropEmptyMetadata({ metadata }: KubeObject): void {
  for (const key of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const)
    if (Object.keys(metadata[key] ?? { present: true }).length === 0) Reflect.deleteProperty(metadata, key)
  if (metadata.generateName === '') delete metadata.generateName
}
