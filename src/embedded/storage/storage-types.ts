/** Claims, volumes and their classes, as far as this cluster reads them; and the names by which its parts speak of them. */
import type { KubeObject, NodeSelectorTerm, Pod } from '../../kube/types.ts'

export interface PersistentVolumeClaim extends KubeObject {
  spec: {
    accessModes?: string[]
    resources?: { requests?: Record<string, string> }
    storageClassName?: string
    volumeMode?: string
    volumeName?: string
  }
  status?: {
    phase?: 'Pending' | 'Bound' | 'Lost'
    accessModes?: string[]
    capacity?: Record<string, string>
  }
}

export interface PersistentVolume extends KubeObject {
  spec: {
    accessModes?: string[]
    capacity?: Record<string, string>
    claimRef?: { apiVersion?: string; kind?: string; namespace?: string; name?: string; uid?: string }
    hostPath?: { path: string; type?: string }
    nodeAffinity?: { required?: { nodeSelectorTerms: NodeSelectorTerm[] } }
    persistentVolumeReclaimPolicy?: 'Delete' | 'Retain'
    storageClassName?: string
    volumeMode?: string
  }
  status?: { phase?: 'Pending' | 'Available' | 'Bound' | 'Released' }
}

export interface StorageClass extends KubeObject {
  provisioner: string
  reclaimPolicy?: 'Delete' | 'Retain'
  volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer'
}

export const claimFinalizer = 'kubernetes.io/pvc-protection'
export const volumeFinalizer = 'kubernetes.io/pv-protection'
export const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class'
/** The scheduler tells the provisioner with it where the first consumer goes. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node'
export const provisionerAnnotation = 'volume.kubernetes.io/storage-provisioner'
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by'

/** The volumes of such a class are made by hand. */
export const noProvisioner = 'kubernetes.io/no-provisioner'

/** Names of the claims of a pod's namespace that its volumes are. */
export function claimNamesOf({ spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim === undefined ? [] : [persistentVolumeClaim.claimName],
  )
}

export function isBound({ spec, status }: PersistentVolumeClaim): boolean {
  return status?.phase === 'Bound' && (spec.volumeName ?? '') !== ''
}
