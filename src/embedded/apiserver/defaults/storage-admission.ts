/**
 * What admission adds to new claims and volumes: the class of a claim that names none (DefaultStorageClass), and the
 * finalizers that keep both while they are in use (StorageObjectInUseProtection).
 */
import type { KubeObject } from '../../../kube/types.ts'
import {
  claimFinalizer,
  defaultClassAnnotation,
  volumeFinalizer,
  type PersistentVolumeClaim,
  type StorageClass,
} from '../../storage/storage-types.ts'

const betaClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** `classes`: all there are. An empty class name is one too: it asks for a volume without a class. */
export function admitClaim(claim: PersistentVolumeClaim, classes: readonly StorageClass[]): void {
  protect(claim, claimFinalizer)
  // Validation, which finds a claim without a spec, comes later.
  const spec = claim.spec as PersistentVolumeClaim['spec'] | undefined
  if (spec === undefined || spec.storageClassName !== undefined) return
  if (claim.metadata.annotations?.[betaClassAnnotation] !== undefined) return
  const name = defaultClass(classes)?.metadata.name
  if (name !== undefined) spec.storageClassName = name
}

export function admitVolume(volume: KubeObject): void {
  protect(volume, volumeFinalizer)
}

/** Of several the newest, and of those the first by name. */
function defaultClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const created = ({ metadata }: StorageClass): string => metadata.creationTimestamp ?? ''
  return classes
    .filter(({ metadata }) => metadata.annotations?.[defaultClassAnnotation] === 'true')
    .sort((a, b) => created(b).localeCompare(created(a)) || (a.metadata.name < b.metadata.name ? -1 : 1))[0]
}

function protect({ metadata }: KubeObject, finalizer: string): void {
  const { finalizers = [] } = metadata
  if (!finalizers.includes(finalizer)) metadata.finalizers = [...finalizers, finalizer]
}
