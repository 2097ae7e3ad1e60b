/**
 * The controller that brings claims and volumes together (pkg/controller/volume/persistentvolume of Kubernetes 1.34): it
 * asks for a volume where the class has a provisioner, binds the claim to the one that was made for it, and says of each
 * volume whether it is used. Volumes that nobody made for a claim are not looked through for one that would fit.
 */
import type { ClusterApi } from '../cluster-api.ts'
import type { Controller, ControllerContext } from '../controllers/controller.ts'
import { keyOf } from '../controllers/informer.ts'
import {
  claimNamesOf,
  isBound,
  provisionerAnnotation,
  selectedNodeAnnotation,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from './storage-types.ts'

const component = 'persistentvolume-controller'

/** Flag --pvclaimbinder-sync-period: what is still missing is told again. */
const RESYNC_MS = 15_000

export function volumeBinder({ api, informers }: ControllerContext): Controller {
  const { claims, volumes, storageClasses, podsIn } = informers
  const volumeFor = ({ metadata }: PersistentVolumeClaim): PersistentVolume | undefined =>
    volumes.all().find(({ spec }) => spec.claimRef?.uid !== undefined && spec.claimRef.uid === metadata.uid)
  const waitingFor = ({ metadata }: PersistentVolumeClaim): string[] =>
    podsIn(metadata.namespace ?? '')
      .filter(pod => (pod.spec.nodeName ?? '') === '' && claimNamesOf(pod).includes(metadata.name))
      .map(pod => pod.metadata.name)
  return {
    // A volume has no namespace, so its key begins with the stroke.
    reconcile(key) {
      const volume = volumes.get(key)
      if (volume !== null) return settle(api, volume, claims.get(claimKeyOf(volume) ?? ''))
      const claim = claims.get(key)
      if (claim === null || claim.metadata.deletionTimestamp !== undefined) return null
      const made = volumeFor(claim)
      if (made !== undefined) return bind(api, claim, made)
      if (isBound(claim)) return null
      const storageClass = storageClasses.get(`/${claim.spec.storageClassName ?? ''}`)
      return ask(api, claim, requestFor(claim, storageClass, waitingFor(claim)))
    },
    watch: keys => [
      claims.subscribe(({ object }) => {
        keys.add(keyOf(object))
        const { volumeName = '' } = object.spec
        if (volumeName !== '') keys.add(`/${volumeName}`)
      }),
      volumes.subscribe(({ object }) => {
        keys.add(keyOf(object))
        const claim = claimKeyOf(object)
        if (claim !== null) keys.add(claim)
      }),
      storageClasses.subscribe(() => {
        for (const claim of claims.all()) if (!isBound(claim)) keys.add(keyOf(claim))
      }),
    ],
  }
}

function claimKeyOf({ spec }: PersistentVolume): string | null {
  return spec.claimRef === undefined ? null : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`
}

/** A volume that no claim uses says so; one that is used is bound with its claim. */
function settle(api: ClusterApi, volume: PersistentVolume, claim: PersistentVolumeClaim | null): null {
  const { claimRef } = volume.spec
  if (claimRef === undefined) setPhase(api, volume, 'Available')
  else if (claim?.metadata.uid !== claimRef.uid) setPhase(api, volume, 'Released')
  return null
}

/** What is said about a claim that has no volume yet; with `provisioner`, that one is asked to make it. */
interface Request {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  provisioner?: string
}

/** `waiting`: the pods that use the claim and have no node yet. */
function requestFor(
  { metadata, spec }: PersistentVolumeClaim,
  storageClass: StorageClass | null,
  waiting: readonly string[],
): Request {
  const { storageClassName = '' } = spec
  if (storageClassName === '')
    return {
      type: 'Normal',
      reason: 'FailedBinding',
      message: 'no persistent volumes available for this claim and no storage class is set',
    }
  if (storageClass === null)
    return {
      type: 'Warning',
      reason: 'ProvisioningFailed',
      message: `storageclass.storage.k8s.io "${storageClassName}" not found`,
    }
  const { provisioner, volumeBindingMode } = storageClass
  if (
    volumeBindingMode === 'WaitForFirstConsumer' &&
    metadata.annotations?.[selectedNodeAnnotation] === undefined
  )
    return waiting.length === 0
      ? {
          type: 'Normal',
          reason: 'WaitForFirstConsumer',
          message: 'waiting for first consumer to be created before binding',
        }
      : {
          type: 'Normal',
          reason: 'WaitForPodScheduled',
          message: `waiting for pod ${waiting.join(',')} to be scheduled`,
        }
  return {
    type: 'Normal',
    reason: 'ExternalProvisioning',
    message:
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the ` +
      'system administrator. If volume creation is delayed, please verify that the provisioner is running and ' +
      'correctly registered.',
    provisioner,
  }
}

function ask(
  api: ClusterApi,
  claim: PersistentVolumeClaim,
  { type, reason, message, provisioner }: Request,
): number {
  const { metadata } = claim
  if (provisioner !== undefined && metadata.annotations?.[provisionerAnnotation] !== provisioner)
    api.update('persistentvolumeclaims', {
      ...claim,
      metadata: {
        ...metadata,
        annotations: {
          ...metadata.annotations,
          'volume.beta.kubernetes.io/storage-provisioner': provisioner,
          [provisionerAnnotation]: provisioner,
        },
      },
    })
  api.recordEvent(claim, type, reason, message, component)
  return RESYNC_MS
}

function bind(api: ClusterApi, claim: PersistentVolumeClaim, volume: PersistentVolume): null {
  setPhase(api, volume, 'Bound')
  const { accessModes = [], capacity = {} } = volume.spec
  const marks = { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' }
  const bound =
    claim.spec.volumeName === volume.metadata.name
      ? claim
      : api.update<PersistentVolumeClaim>('persistentvolumeclaims', {
          ...claim,
          metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, ...marks } },
          spec: { ...claim.spec, volumeName: volume.metadata.name },
        })
  if (bound.status?.phase !== 'Bound')
    api.updateStatus('persistentvolumeclaims', {
      ...bound,
      status: { phase: 'Bound', accessModes, capacity },
    })
  return null
}

function setPhase(
  api: ClusterApi,
  volume: PersistentVolume,
  phase: NonNullable<PersistentVolume['status']>['phase'],
): void {
  if (volume.status?.phase !== phase)
    api.updateStatus('persistentvolumes', { ...volume, status: { ...volume.status, phase } })
}
