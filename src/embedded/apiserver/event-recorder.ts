/**
 * Kubernetes Events: the same reason and message about the same object is one Event with a count. They are advice, so a
 * namespace that is going away swallows them in silence.
 */
import type { KubeEvent, KubeObject, Pod } from '../../kube/types.ts'
import { ApiError } from '../cluster-api.ts'
import { createObject, updateObject } from './object-writes.ts'
import type { RegistryCore } from './registry-core.ts'
import { instantOf } from './registry-core.ts'

export type RecordEvent = (
  about: KubeObject,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  component: string,
  fieldPath?: string,
) => void

export function createEventRecorder(core: RegistryCore): RecordEvent {
  /** Name of the Event that counts what the key says. */
  const names = new Map<string, string>()
  const suffix = createSuffixes()

  return (about, type, reason, message, component, fieldPath) => {
    const namespace = (about.metadata.namespace ?? '') === '' ? 'default' : (about.metadata.namespace ?? '')
    const { kind, metadata } = about
    const key = JSON.stringify([
      namespace,
      kind,
      metadata.name,
      metadata.uid,
      type,
      reason,
      message,
      component,
      fieldPath,
    ])
    const known = core.store.get('events', namespace, names.get(key) ?? '') as KubeEvent | null
    const now = instantOf(core)
    try {
      if (known !== null) {
        updateObject(core, 'events', { ...known, count: (known.count ?? 1) + 1, lastTimestamp: now }, 'main')
        return
      }
      const name = `${metadata.name.slice(0, 200)}.${suffix(core.clock.nowUs())}`
      const host = hostOf(about, component)
      const record: KubeEvent = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject: { ...referenceTo(about), ...(fieldPath === undefined ? {} : { fieldPath }) },
        reason,
        message,
        type,
        count: 1,
        firstTimestamp: now,
        lastTimestamp: now,
        source: { component, ...(host === '' ? {} : { host }) },
        reportingComponent: component,
        reportingInstance: host,
      }
      createObject(core, 'events', record)
      names.set(key, name)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
    }
  }
}

/**
 * The time in nanoseconds, as client-go's recorder writes it (tools/record/event.go, makeEvent): a list by name is then one
 * by time. Two of the same instant are told apart by one nanosecond.
 */
function createSuffixes(): (nowUs: number) => string {
  let last = -1n
  return nowUs => {
    const now = BigInt(Math.floor(nowUs)) * 1000n
    last = now > last ? now : last + 1n
    return last.toString(16).padStart(16, '0')
  }
}

/** The node that a kubelet speaks from; '' for everybody else. */
function hostOf(about: KubeObject, component: string): string {
  if (component !== 'kubelet') return ''
  return about.kind === 'Pod' ? ((about as Pod).spec.nodeName ?? '') : about.metadata.name
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): KubeEvent['involvedObject'] {
  const reference: KubeEvent['involvedObject'] = { kind, name: metadata.name, apiVersion }
  if (metadata.namespace !== undefined) reference.namespace = metadata.namespace
  if (metadata.uid !== undefined) reference.uid = metadata.uid
  return reference
}
