/** Defaults of StatefulSets and DaemonSets, and of what they keep (apps/v1 defaults). */
import type * as workloads from '../../workload-types.ts'
import type { Draft } from '../decoding/draft.ts'
import { isObject } from '../../store/json.ts'
import { setTemplateDefaults } from './pod-defaults.ts'

type StatefulSet = Draft<workloads.StatefulSet>
type DaemonSet = Draft<workloads.DaemonSet>

export function setStatefulSetDefaults({ spec }: StatefulSet): void {
  if (spec === undefined) return
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.podManagementPolicy ??= 'OrderedReady'
  spec.updateStrategy ??= {}
  if (spec.updateStrategy.type === undefined) {
    spec.updateStrategy.type = 'RollingUpdate'
    spec.updateStrategy.rollingUpdate ??= {}
  }
  const { type, rollingUpdate } = spec.updateStrategy
  if (type === 'RollingUpdate' && rollingUpdate !== undefined) {
    rollingUpdate.partition ??= 0
    // Behind the gate MaxUnavailableStatefulSet, which is off: the API server drops the field.
    delete rollingUpdate.maxUnavailable
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ??= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ??= 'Retain'
  for (const claim of spec.volumeClaimTemplates ?? []) setClaimTemplateDefaults(claim)
  setTemplateDefaults(spec.template)
}

/** Claims in a template are whole objects: with kind, volume mode and status. */
function setClaimTemplateDefaults(claim: object): void {
  const whole = claim as { kind?: string; apiVersion?: string; spec?: unknown; status?: unknown }
  whole.kind ??= 'PersistentVolumeClaim'
  whole.apiVersion ??= 'v1'
  if (isObject(whole.spec)) whole.spec['volumeMode'] ??= 'Filesystem'
  whole.status ??= { phase: 'Pending' }
}

export function setDaemonSetDefaults({ spec }: DaemonSet): void {
  if (spec === undefined) return
  spec.revisionHistoryLimit ??= 10
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ??= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    const rolling = (spec.updateStrategy.rollingUpdate ??= {})
    rolling.maxUnavailable ??= 1
    rolling.maxSurge ??= 0
  }
  setTemplateDefaults(spec.template)
}
