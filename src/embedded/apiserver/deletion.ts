/**
 * DELETE (semantics §5.1, §10.1). A pod with a grace period is only marked, with a deletionTimestamp in the future; its
 * kubelet deletes it for good with grace 0. A second DELETE may shorten the grace, never lengthen it. Finalizers keep
 * any object; the propagation policies Foreground and Orphan are finalizers that the garbage collector takes away.
 */
import type { KubeObject, Pod } from '../../kube/types.ts'
import type { ApiError, DeleteOptions, ResourceName } from '../cluster-api.ts'
import { conflict, notFound } from './api-errors.ts'
import { plusSeconds } from './instants.ts'
import type { RegistryCore } from './registry-core.ts'
import { instantOf } from './registry-core.ts'
import type { ResourceKind } from './resources.ts'
import { kindOf } from './resources.ts'

export interface DeleteRequest extends DeleteOptions {
  resourceVersion?: string
  dryRun?: boolean
}

export interface Deletion {
  /** As it is afterwards, or as it last was. */
  object: KubeObject
  removed: boolean
}

const foreground = 'foregroundDeletion'
const orphan = 'orphan'

export function deleteObject(
  core: RegistryCore,
  resource: ResourceName,
  namespace: string,
  name: string,
  request: DeleteRequest = {},
): Deletion {
  const kind = kindOf(resource)
  const existing = core.store.get(resource, namespace, name)
  if (existing === null) throw notFound(kind, name)
  checkPreconditions(kind, existing, request)
  const dryRun = request.dryRun ?? false
  const grace = resource === 'pods' ? podGrace(existing as Pod, request) : { seconds: 0, pending: false }
  if (grace.pending) return { object: existing, removed: false }
  const finalizers = finalizersFor(existing, request)
  const graceful = resource === 'pods' && grace.seconds !== null
  if (!graceful && finalizers.length === 0) return remove(core, resource, existing, dryRun)
  const marked = markDeleted(core, existing, finalizers, grace.seconds ?? 0)
  const committed = marked === existing ? existing : core.commit(resource, marked, dryRun)
  if ((grace.seconds ?? 0) > 0 || finalizers.length > 0) return { object: committed, removed: false }
  return remove(core, resource, committed, dryRun)
}

function remove(core: RegistryCore, resource: ResourceName, object: KubeObject, dryRun: boolean): Deletion {
  if (!dryRun) core.removeObject(resource, object)
  return { object, removed: true }
}

function checkPreconditions(kind: ResourceKind, { metadata }: KubeObject, request: DeleteRequest): void {
  const { uid, resourceVersion } = request
  if (uid !== undefined && uid !== metadata.uid)
    throw preconditionFailed(
      kind,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ''}). The object might have been deleted and then recreated`,
    )
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw preconditionFailed(
      kind,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion ?? ''}). The object might have been modified`,
    )
}

/** Here Kubernetes names the kind, not the resource. */
function preconditionFailed(kind: ResourceKind, name: string, why: string): ApiError {
  return conflict({ ...kind, resource: kind.kind }, name, why)
}

/** `seconds: null` = its grace is already 0: remove it. `pending` = nothing changes: this DELETE came after a shorter one. */
function podGrace(pod: Pod, request: DeleteRequest): { seconds: number | null; pending: boolean } {
  const { deletionTimestamp, deletionGracePeriodSeconds: before } = pod.metadata
  const asked = request.gracePeriodSeconds
  if (deletionTimestamp !== undefined) {
    if (before === undefined || before === 0) return { seconds: null, pending: false }
    const shorter = asked !== undefined && asked < before
    return shorter ? { seconds: atLeastOne(asked), pending: false } : { seconds: before, pending: true }
  }
  const { phase } = pod.status ?? {}
  const nothingRuns = (pod.spec.nodeName ?? '') === '' || phase === 'Succeeded' || phase === 'Failed'
  if (nothingRuns) return { seconds: 0, pending: false }
  return { seconds: atLeastOne(asked ?? pod.spec.terminationGracePeriodSeconds ?? 30), pending: false }
}

/** Zero is a wish of its own; a negative grace means one second. */
function atLeastOne(seconds: number): number {
  return seconds < 0 ? 1 : seconds
}

function finalizersFor({ metadata }: KubeObject, { propagationPolicy }: DeleteRequest): string[] {
  const kept = (metadata.finalizers ?? []).filter(finalizer =>
    propagationPolicy === undefined ? true : finalizer !== foreground && finalizer !== orphan,
  )
  if (propagationPolicy === 'Foreground') return [...kept, foreground]
  if (propagationPolicy === 'Orphan') return [...kept, orphan]
  return kept
}

function markDeleted(
  core: RegistryCore,
  existing: KubeObject,
  finalizers: string[],
  graceSeconds: number,
): KubeObject {
  const stored = existing.metadata
  const metadata = { ...stored }
  delete metadata.finalizers
  if (finalizers.length > 0) metadata.finalizers = finalizers
  const first = stored.deletionTimestamp === undefined
  if (
    !first &&
    graceSeconds === (stored.deletionGracePeriodSeconds ?? 0) &&
    sameList(finalizers, stored.finalizers)
  )
    return existing
  const begunAt = first
    ? instantOf(core)
    : plusSeconds(stored.deletionTimestamp ?? '', -(stored.deletionGracePeriodSeconds ?? 0))
  metadata.deletionTimestamp = plusSeconds(begunAt, graceSeconds)
  metadata.deletionGracePeriodSeconds = graceSeconds
  if (first && metadata.generation !== undefined) metadata.generation += 1
  return { ...existing, metadata }
}

function sameList(one: string[], other: string[] = []): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index])
}
