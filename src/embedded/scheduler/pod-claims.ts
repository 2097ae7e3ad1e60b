/**
 * Volumes decide where a pod may run (the VolumeBinding plugin): one that lies on a node binds its pods to that node, and
 * one that is still to be made lies where its first pod is sent. Until it is there, that pod is not bound.
 */
import type { Pod } from '../../kube/types.ts'
import type { ControllerContext } from '../controllers/controller.ts'
import {
  claimNamesOf,
  isBound,
  noProvisioner,
  selectedNodeAnnotation,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../storage/storage-types.ts'
import { unresolvable, type Refusal } from './filters.ts'
import { matchesNodeTerms } from './node-terms.ts'
import type { NodeState } from './snapshot.ts'

export interface UsableClaims {
  kind: 'usable'
  bound: PersistentVolume[]
  unbound: PersistentVolumeClaim[]
  /** Whether somebody makes volumes for all that are unbound. */
  provisioned: boolean
}

/** Refused: no node would do. */
type PodClaims = UsableClaims | { kind: 'refused'; why: string }

export function claimsOf({ informers }: ControllerContext, pod: Pod): PodClaims {
  const { claims, volumes, storageClasses } = informers
  const bound: PersistentVolume[] = []
  const unbound: PersistentVolumeClaim[] = []
  let provisioned = true
  for (const name of claimNamesOf(pod)) {
    const claim = claims.get(`${pod.metadata.namespace ?? ''}/${name}`)
    if (claim === null) return { kind: 'refused', why: `persistentvolumeclaim "${name}" not found` }
    if (claim.metadata.deletionTimestamp !== undefined)
      return { kind: 'refused', why: `persistentvolumeclaim "${name}" is being deleted` }
    if (isBound(claim)) {
      const volume = volumes.get(`/${claim.spec.volumeName ?? ''}`)
      if (volume !== null) bound.push(volume)
      continue
    }
    const storageClass = storageClasses.get(`/${claim.spec.storageClassName ?? ''}`)
    if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer')
      return { kind: 'refused', why: 'pod has unbound immediate PersistentVolumeClaims' }
    if (storageClass.provisioner === noProvisioner) provisioned = false
    unbound.push(claim)
  }
  return { kind: 'usable', bound, unbound, provisioned }
}

export function volumeFilter(
  { bound, unbound, provisioned }: UsableClaims,
  kubernetesMinor: number,
): (state: NodeState) => Refusal | null {
  const elsewhere =
    kubernetesMinor >= 34
      ? "node(s) didn't match PersistentVolume's node affinity"
      : 'node(s) had volume node affinity conflict'
  return state => {
    const fits = bound.every(({ spec }) => {
      const required = spec.nodeAffinity?.required
      return required === undefined || matchesNodeTerms(required.nodeSelectorTerms, state)
    })
    if (!fits) return unresolvable(elsewhere)
    const chosen = unbound.map(({ metadata }) => metadata.annotations?.[selectedNodeAnnotation])
    return provisioned && chosen.every(node => node === undefined || node === state.name)
      ? null
      : unresolvable("node(s) didn't find available persistent volumes to bind")
  }
}

/** Tells the provisioner where to. */
export function selectNode(
  { api }: ControllerContext,
  claims: readonly PersistentVolumeClaim[],
  node: string,
): void {
  for (const claim of claims) {
    const { annotations = {} } = claim.metadata
    if (annotations[selectedNodeAnnotation] === node) continue
    api.update('persistentvolumeclaims', {
      ...claim,
      metadata: { ...claim.metadata, annotations: { ...annotations, [selectedNodeAnnotation]: node } },
    })
  }
}
