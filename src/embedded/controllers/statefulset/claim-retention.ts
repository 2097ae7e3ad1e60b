/**
 * Whose end takes a claim along (spec.persistentVolumeClaimRetentionPolicy): its set's, its pod's when the set shrinks, or
 * nobody's. It is said by an owner reference, and the garbage collector does the rest (stateful_set_utils.go of
 * Kubernetes 1.34).
 */
import type { KubeObject, OwnerReference, Pod } from '../../../kube/types.ts'
import type { StatefulSet } from '../../workload-types.ts'
import type { ControllerContext } from '../controller.ts'
import { claimsFor, ordinalOf } from './identity.ts'

/** `isCondemned`: the set has become too small for the pod. */
export function setClaimOwners(
  { api }: ControllerContext,
  set: StatefulSet,
  pod: Pod,
  isCondemned: boolean,
): void {
  for (const { claim } of claimsFor(set, ordinalOf(set, pod))) {
    const { namespace = '', name } = claim.metadata
    const stored = api.get<KubeObject>('persistentvolumeclaims', namespace, name)
    if (stored === null || stored.metadata.deletionTimestamp !== undefined) continue
    const { ownerReferences: before = [] } = stored.metadata
    const others = before.filter(({ uid }) => uid !== set.metadata.uid && uid !== pod.metadata.uid)
    // What somebody else controls is none of the set's business.
    if (others.some(({ controller }) => controller === true)) continue
    const owner = ownerFor(set, pod, isCondemned)
    const after = owner === null ? others : [...others, owner]
    if (after.map(({ uid }) => uid).join() === before.map(({ uid }) => uid).join()) continue
    api.update('persistentvolumeclaims', {
      ...stored,
      metadata: { ...stored.metadata, ownerReferences: after },
    })
  }
}

function ownerFor(set: StatefulSet, pod: Pod, isCondemned: boolean): OwnerReference | null {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  const owner = { controller: true, blockOwnerDeletion: true }
  if (isCondemned && whenScaled === 'Delete')
    return { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid ?? '', ...owner }
  return whenDeleted === 'Delete'
    ? {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        name: set.metadata.name,
        uid: set.metadata.uid ?? '',
        ...owner,
      }
    : null
}
