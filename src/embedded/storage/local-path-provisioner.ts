/**
 * Makes volumes for claims, as the provisioner of a kind cluster does (rancher.io/local-path): a folder on the node that
 * the first consumer was given, which the volume never leaves. A pod that uses it can run on that node alone.
 */
import type { Random } from '../../base/random.ts'
import type { ClusterApi } from '../cluster-api.ts'
import type { Controller, ControllerContext } from '../controllers/controller.ts'
import { keyOf } from '../controllers/informer.ts'
import {
  defaultClassAnnotation,
  isBound,
  provisionedByAnnotation,
  provisionerAnnotation,
  selectedNodeAnnotation,
  volumeFinalizer,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from './storage-types.ts'

const provisioner = 'rancher.io/local-path'

/** A claim that names no class gets it: kind's own. */
export const defaultStorageClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { [defaultClassAnnotation]: 'true' } },
  provisioner,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
}

const possibleModes = ['ReadWriteOnce', 'ReadWriteOncePod']

const RETRY_MS = 15_000

export interface VolumeFolders {
  /** Where the volume of a claim lies. */
  pathOf: (volume: string, claim: PersistentVolumeClaim) => string
  remove: (path: string) => void
}

export function localPathProvisioner(
  { api, clock, settings, informers }: ControllerContext,
  folders: VolumeFolders,
  random: Random,
): Controller {
  const { claims, volumes } = informers
  /** When the folder will have been made. */
  const doneUs = new Map<string, number>()
  return {
    reconcile(key) {
      if (key.startsWith('/')) {
        const volume = volumes.get(key)
        if (volume !== null) reclaim(api, volume, folders)
        return null
      }
      const claim = claims.get(key)
      if (claim === null || !isAsked(claim)) {
        doneUs.delete(key)
        return null
      }
      const refusal = refusalOf(claim)
      if (refusal !== null) {
        tell(api, claim, 'Warning', 'ProvisioningFailed', refusal)
        return RETRY_MS
      }
      const nowUs = clock.nowUs()
      const untilUs = doneUs.get(key)
      if (untilUs === undefined) {
        const { low, high } = settings.volumeProvisionMs
        const delayMs = random.between(low, high)
        doneUs.set(key, nowUs + delayMs * 1000)
        tell(
          api,
          claim,
          'Normal',
          'Provisioning',
          `External provisioner is provisioning volume for claim "${key}"`,
        )
        return delayMs
      }
      if (nowUs < untilUs) return (untilUs - nowUs) / 1000
      doneUs.delete(key)
      const volume = volumeFor(claim, folders)
      api.create('persistentvolumes', volume)
      tell(
        api,
        claim,
        'Normal',
        'ProvisioningSucceeded',
        `Successfully provisioned volume ${volume.metadata.name}`,
      )
      return null
    },
    watch: keys => [
      claims.subscribe(({ object }) => keys.add(keyOf(object))),
      volumes.subscribe(({ object }) => keys.add(keyOf(object))),
    ],
  }

  function isAsked(claim: PersistentVolumeClaim): boolean {
    const { annotations = {}, deletionTimestamp, uid } = claim.metadata
    return (
      annotations[provisionerAnnotation] === provisioner &&
      deletionTimestamp === undefined &&
      !isBound(claim) &&
      volumes.get(`/${volumeNameFor(uid)}`) === null
    )
  }
}

function refusalOf({ spec, metadata }: PersistentVolumeClaim): string | null {
  const failed = (why: string): string =>
    `failed to provision volume with StorageClass "${spec.storageClassName ?? ''}": ${why}`
  if ((spec.accessModes ?? []).some(mode => !possibleModes.includes(mode)))
    return failed('NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes')
  if (metadata.annotations?.[selectedNodeAnnotation] === undefined)
    return failed('configuration error, no node was specified')
  return null
}

function volumeNameFor(uid = ''): string {
  return `pvc-${uid}`
}

function volumeFor(claim: PersistentVolumeClaim, folders: VolumeFolders): PersistentVolume {
  const { namespace = '', name, uid = '', resourceVersion, annotations = {} } = claim.metadata
  const { accessModes = [], resources = {}, storageClassName = '', volumeMode = 'Filesystem' } = claim.spec
  const volume = volumeNameFor(uid)
  const node = annotations[selectedNodeAnnotation] ?? ''
  const requirement = { key: 'kubernetes.io/hostname', operator: 'In' as const, values: [node] }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volume,
      annotations: {
        'local.path.provisioner/selected-node': node,
        [provisionedByAnnotation]: provisioner,
      },
      finalizers: [volumeFinalizer],
    },
    spec: {
      accessModes,
      capacity: { storage: resources.requests?.storage ?? '0' },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace,
        name,
        uid,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      hostPath: { path: folders.pathOf(volume, claim), type: 'DirectoryOrCreate' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName,
      volumeMode,
    },
  }
}

/** Nobody claims it any more: the folder goes, and the volume with it. */
function reclaim(api: ClusterApi, volume: PersistentVolume, folders: VolumeFolders): void {
  const { metadata, spec, status } = volume
  if (metadata.annotations?.[provisionedByAnnotation] !== provisioner) return
  if (status?.phase !== 'Released' || spec.persistentVolumeReclaimPolicy !== 'Delete') return
  if (metadata.deletionTimestamp !== undefined) return
  if (spec.hostPath !== undefined) folders.remove(spec.hostPath.path)
  api.delete('persistentvolumes', '', metadata.name)
}

function tell(
  api: ClusterApi,
  claim: PersistentVolumeClaim,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  api.recordEvent(claim, type, reason, message, `${provisioner}_local-path-provisioner`)
}
