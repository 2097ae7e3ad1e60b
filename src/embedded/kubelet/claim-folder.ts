/** Where the volume of a claim lies. Only folders of this cluster are given to pods: they share this machine. */
import type { ClusterApi } from '../cluster-api.ts'
import { isBound, type PersistentVolume, type PersistentVolumeClaim } from '../storage/storage-types.ts'
import { isVolumeFolder } from '../storage/volume-folders.ts'
import { ClaimError } from './volumes.ts'

/** `volumesFolder` holds all volumes of the cluster. Throws ClaimError. */
export function claimFolder(api: ClusterApi, volumesFolder: string, namespace: string, name: string): string {
  const claim = api.get<PersistentVolumeClaim>('persistentvolumeclaims', namespace, name)
  if (claim === null)
    throw new ClaimError(`failed to fetch PVC from API server: persistentvolumeclaims "${name}" not found`)
  if (!isBound(claim)) throw new ClaimError('PVC is not bound')
  const { volumeName = '' } = claim.spec
  const volume = api.get<PersistentVolume>('persistentvolumes', '', volumeName)
  if (volume === null) throw new ClaimError(`failed to fetch PV ${volumeName}: not found`)
  const path = volume.spec.hostPath?.path
  if (path === undefined || !isVolumeFolder(volumesFolder, path))
    throw new ClaimError(
      `PV ${volumeName} is not one that this cluster made: its pods share this machine, and get no other folder of it`,
    )
  return path
}
