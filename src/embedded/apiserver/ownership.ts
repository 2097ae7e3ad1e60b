/**
 * Where writes meet managedFields: every tracked write of an object passes through here with its state before, so that
 * the record of owners is right whichever verb came in.
 */
import type { Clock } from '../../base/clock.ts'
import type { KubeObject } from '../../kube/types.ts'
import type { Json, JsonObject } from '../store/json.ts'
import { isObject } from '../store/json.ts'
import { timestamp } from './instants.ts'
import type { RegistryCore } from './registry-core.ts'
import type { ResourceKind } from './resources.ts'
import { apiVersionOf } from './resources.ts'
import { emptyObject } from './patch/empty-object.ts'
import type { Writer } from './patch/field-manager.ts'
import { managedAfterUpdate } from './patch/field-manager.ts'
import type { Managed, ManagedEntry } from './patch/managed-fields.ts'
import { decodeManaged, encodeManaged } from './patch/managed-fields.ts'

/** `recorded` = the object comes with its final managedFields, as an apply computed them. */
export type Tracking = { manager: string; subresource: string } | 'recorded'

export function writerOf(
  clock: Clock,
  kind: ResourceKind,
  { manager, subresource }: Exclude<Tracking, 'recorded'>,
): Writer {
  return {
    manager: manager === '' ? 'unknown' : manager,
    apiVersion: apiVersionOf(kind),
    subresource,
    // Kubernetes loses the time of a write through scale on its way.
    time: subresource === 'scale' ? '' : timestamp(clock.nowUs()),
    ignored: ignoredFields(kind, subresource),
  }
}

function ignoredFields(kind: ResourceKind, subresource: string): readonly string[] {
  if (subresource === 'status') return ['spec']
  return kind.statusApart ? ['status'] : []
}

export function trackCreation(
  core: RegistryCore,
  kind: ResourceKind,
  object: KubeObject,
  tracking: Tracking | undefined,
): void {
  if (tracking === 'recorded') return
  const given = object.metadata.managedFields
  delete object.metadata.managedFields
  if (tracking === undefined) return
  const managed = decodeManaged(given as Json | undefined) ?? new Map<string, ManagedEntry>()
  setManaged(
    object,
    managedAfterUpdate(
      kind.resource,
      { before: emptyObject(kind.resource), isNew: true },
      asJson(object),
      managed,
      writerOf(core.clock, kind, tracking),
    ),
  )
}

/** `sent` is what the client sent, with its own idea of managedFields: it may edit or, with an empty list, clear them. */
export function trackUpdate(
  core: RegistryCore,
  kind: ResourceKind,
  stored: KubeObject,
  next: KubeObject,
  sent: KubeObject,
  tracking: Tracking | undefined,
): void {
  if (tracking === undefined) return
  if (tracking === 'recorded') {
    setEntries(next, sent.metadata.managedFields ?? [])
    return
  }
  const before =
    decodeManaged(stored.metadata.managedFields as Json | undefined) ?? new Map<string, ManagedEntry>()
  const managed = tracking.subresource === '' ? editedBy(sent, before) : before
  setManaged(
    next,
    managedAfterUpdate(
      kind.resource,
      { before: asJson(stored), isNew: false },
      asJson(next),
      managed,
      writerOf(core.clock, kind, tracking),
    ),
  )
}

function editedBy({ metadata }: KubeObject, before: Managed): Managed {
  const sent = metadata.managedFields
  if (sent === undefined) return before
  const [only] = sent
  const cleared = sent.length === 0 || (sent.length === 1 && isObject(only) && Object.keys(only).length === 0)
  if (cleared) return new Map<string, ManagedEntry>()
  const managed = decodeManaged(sent as Json)
  return managed === null || managed.size === 0 ? before : managed
}

function setManaged(object: KubeObject, managed: Managed): void {
  setEntries(object, encodeManaged(managed))
}

function setEntries(object: KubeObject, entries: unknown[]): void {
  if (entries.length > 0) object.metadata.managedFields = entries
  else delete object.metadata.managedFields
}

function asJson(object: KubeObject): JsonObject {
  return object as unknown as JsonObject
}
