/**
 * The types of StatefulSets, DaemonSets and what their controllers and the node controller keep, as they are on the wire.
 * Only the embedded cluster knows them; the rest of the program rolls Deployments.
 */
import type { IntOrString, KubeObject, LabelSelector, ObjectMeta, PodTemplateSpec } from '../kube/types.ts'

export interface StatefulSetStatus {
  observedGeneration?: number
  replicas: number
  readyReplicas?: number
  availableReplicas: number
  currentReplicas?: number
  updatedReplicas?: number
  currentRevision?: string
  updateRevision?: string
  collisionCount?: number
}

export interface StatefulSet extends KubeObject {
  spec: {
    replicas?: number
    selector: LabelSelector
    template: PodTemplateSpec
    serviceName?: string
    podManagementPolicy?: 'OrderedReady' | 'Parallel'
    updateStrategy?: {
      type?: 'RollingUpdate' | 'OnDelete'
      rollingUpdate?: { partition?: number; maxUnavailable?: IntOrString }
    }
    ordinals?: { start?: number }
    volumeClaimTemplates?: { metadata?: Partial<ObjectMeta>; spec?: Record<string, unknown> }[]
    persistentVolumeClaimRetentionPolicy?: {
      whenDeleted?: 'Retain' | 'Delete'
      whenScaled?: 'Retain' | 'Delete'
    }
    minReadySeconds?: number
    revisionHistoryLimit?: number
  }
  status?: StatefulSetStatus
}

export interface DaemonSetStatus {
  observedGeneration?: number
  currentNumberScheduled: number
  desiredNumberScheduled: number
  numberMisscheduled: number
  numberReady: number
  updatedNumberScheduled?: number
  numberAvailable?: number
  numberUnavailable?: number
  collisionCount?: number
}

export interface DaemonSet extends KubeObject {
  spec: {
    selector: LabelSelector
    template: PodTemplateSpec
    updateStrategy?: {
      type?: 'RollingUpdate' | 'OnDelete'
      rollingUpdate?: { maxSurge?: IntOrString; maxUnavailable?: IntOrString }
    }
    minReadySeconds?: number
    revisionHistoryLimit?: number
  }
  status?: DaemonSetStatus
}

export interface ControllerRevision extends KubeObject {
  data?: { spec: { template: PodTemplateSpec & { $patch?: string } } }
  revision: number
}

export interface Lease extends KubeObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; renewTime?: string }
}
