/**
 * Kubernetes Events: the same reason and message about the same object is one Event with a count. They are advice, so a
 * namespace that is going away swallows them in silence.
 */
import type { KubeEvent, KubeObject } from '../../kube/types.ts'
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
) => void

export function createEventRecorder(core: RegistryCore): RecordEvent {
  /** Name of the Event that counts what the key says. */
  const names = new Map<string, string>()

  return (about, type, reason, message, component) => {
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
    ])
    const known = core.store.get('events', namespace, names.get(key) ?? '') as KubeEvent | null
    const now = instantOf(core)
    try {
      if (known !== null) {
        updateObject(core, 'events', { ...known, count: (known.count ?? 1) + 1, lastTimestamp: now }, 'main')
        return
      }
      const name = `${metadata.name.slice(0, 200)}.${core.random.text(16, '0123456789abcdef')}`
      const record: KubeEvent = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject: referenceTo(about),
        reason,
        message,
        type,
        count: 1,
        firstTimestamp: now,
        lastTimestamp: now,
        source: { component },
        reportingComponent: component,
      }
      createObject(core, 'events', record)
      names.set(key, name)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
    }
  }
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): KubeEvent['involvedObject'] {
  const reference: KubeEvent['involvedObject'] = { kind, name: metadata.name, apiVersion }
  if (metadata.namespace !== undefined) reference.namespace = metadata.namespace
  if (metadata.uid !== undefined) reference.uid = metadata.uid
  return reference
}
