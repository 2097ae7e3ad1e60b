/**
 * Ownership of fields across writes. An Update takes over whatever it changed and silently dispossesses others; an Apply
 * owns what its configuration names, shares it with those who agree, and conflicts with those who do not.
 */
import type { ResourceName } from '../../cluster-api.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject, sameJson } from '../../store/json.ts'
import { emptyObject } from './empty-object.ts'
import type { FieldSet } from './field-set.ts'
import {
  difference,
  emptySet,
  intersection,
  isEmptySet,
  leaf,
  nodeOf,
  union,
  withNamedFields,
  withoutFields,
} from './field-set.ts'
import type { Managed, ManagedEntry } from './managed-fields.ts'
import { identityOf } from './managed-fields.ts'
import type { Comparison } from './typed-values.ts'
import { compare, fieldsOf, mergeConfiguration, removeFields } from './typed-values.ts'

export interface Writer {
  manager: string
  apiVersion: string
  subresource: string
  time: string
  /** Top-level fields that this endpoint does not write. */
  ignored: readonly string[]
}

const serverOwned: FieldSet = nodeOf(false, [
  ['f:apiVersion', leaf],
  ['f:kind', leaf],
  [
    'f:metadata',
    nodeOf(
      true,
      [
        'name',
        'namespace',
        'creationTimestamp',
        'selfLink',
        'uid',
        'clusterName',
        'generation',
        'managedFields',
        'resourceVersion',
      ].map(name => [`f:${name}`, leaf] as const),
    ),
  ],
])

const maxUpdateManagers = 10

/** The entries after an Update; a creation begins with what an object of the kind has without content. */
export function managedAfterUpdate(
  resource: ResourceName,
  { before, isNew }: { before: JsonObject; isNew: boolean },
  next: JsonObject,
  managed: Managed,
  writer: Writer,
): Managed {
  // An object without any record stays without one.
  if (!isNew && managed.size === 0) return managed
  const comparison = compare(resource, unmanaged(before), unmanaged(next))
  const changed = union(comparison.modified, comparison.added)
  const after = dispossessed(managed, comparison, null)
  const mine = difference(withoutFields(changed, writer.ignored), serverOwned)
  if (isEmptySet(mine)) return after
  const entry = entryOf(writer, 'Update', mine)
  const present = after.get(identityOf(entry))
  if (present !== undefined) entry.fields = union(present.fields, mine)
  after.set(identityOf(entry), entry)
  return capped(after)
}

export interface Applied {
  object: JsonObject
  managed: Managed
  conflicts: Conflict[]
}

export interface Conflict {
  owner: ManagedEntry
  fields: FieldSet
}

export function managedAfterApply(
  resource: ResourceName,
  live: JsonObject | null,
  configuration: JsonObject,
  managed: Managed,
  writer: Writer,
): Applied {
  const base = unmanaged(live ?? {})
  const known = live !== null && managed.size === 0 ? managedBefore(resource, base, writer) : new Map(managed)
  const entry = entryOf(writer, 'Apply', withoutFields(fieldsOf(resource, configuration), writer.ignored))
  const identity = identityOf(entry)
  const last = known.get(identity)
  known.set(identity, entry)
  const merged = mergeConfiguration(resource, base, configuration)
  const object = last === undefined ? merged : pruned(resource, merged, last.fields, known)
  const comparison = compare(resource, base, object)
  const changed = union(comparison.modified, comparison.added)
  const conflicts = [...known.values()]
    .filter(owner => owner !== entry)
    .map(owner => ({ owner, fields: intersection(owner.fields, changed) }))
    .filter(({ fields }) => !isEmptySet(fields))
  const after = dispossessed(known, comparison, identity)
  entry.fields = difference(entry.fields, serverOwned)
  // What changed nothing leaves no time behind.
  if (live !== null && sameJson(base, object)) entry.time = last?.time ?? ''
  if (isEmptySet(entry.fields)) after.delete(identity)
  return { object, managed: after, conflicts }
}

/** Objects that were written before anybody kept a record belong to nobody in particular. */
function managedBefore(resource: ResourceName, base: JsonObject, writer: Writer): Managed {
  const fields = difference(changesFrom(resource, base), serverOwned)
  if (isEmptySet(fields)) return new Map()
  const entry: ManagedEntry = {
    ...entryOf(writer, 'Update', fields),
    manager: 'before-first-apply',
    subresource: '',
  }
  return new Map([[identityOf(entry), entry]])
}

function changesFrom(resource: ResourceName, base: JsonObject): FieldSet {
  const { added, modified } = compare(resource, emptyObject(resource), base)
  return union(added, modified)
}

/** Takes out what the manager applied last and applies no more, but for what somebody else owns too. */
function pruned(resource: ResourceName, merged: JsonObject, last: FieldSet, managed: Managed): JsonObject {
  const named = (value: Json): FieldSet => withNamedFields(fieldsOf(resource, value))
  const all = named(merged)
  const lastNamed = withNamedFields(last)
  const owned = [...managed.values()].reduce((set, { fields }) => union(set, fields), emptySet)
  const without = removeFields(resource, merged, lastNamed)
  const keep = union(named(without), withNamedFields(owned))
  const withOwned = removeFields(resource, merged, difference(all, keep))
  const dangling = intersection(difference(all, named(withOwned)), lastNamed)
  return removeFields(resource, merged, dangling)
}

function dispossessed(managed: Managed, comparison: Comparison, self: string | null): Managed {
  const { added, modified, removed } = comparison
  const lost = union(union(added, modified), removed)
  const after: Managed = new Map()
  for (const [identity, entry] of managed) {
    const fields = identity === self ? entry.fields : difference(entry.fields, lost)
    if (identity === self) after.set(identity, entry)
    else if (!isEmptySet(fields)) after.set(identity, { ...entry, fields })
  }
  return after
}

function entryOf(
  { manager, apiVersion, subresource, time }: Writer,
  operation: ManagedEntry['operation'],
  fields: FieldSet,
): ManagedEntry {
  return { manager, operation, apiVersion, subresource, time, fields }
}

/** From the eleventh updater on, the oldest share one entry. */
function capped(managed: Managed): Managed {
  const updaters = [...managed.values()]
    .filter(({ operation }) => operation === 'Update')
    .sort((one, other) =>
      one.time === other.time ? (one.manager < other.manager ? -1 : 1) : one.time < other.time ? -1 : 1,
    )
  const surplus = updaters.slice(0, Math.max(0, updaters.length - maxUpdateManagers + 1))
  if (surplus.length < 2) return managed
  const after = new Map(managed)
  for (const entry of surplus) {
    after.delete(identityOf(entry))
    const bucket = { ...entry, manager: 'ancient-changes', subresource: '' }
    const present = after.get(identityOf(bucket))
    if (present !== undefined) bucket.fields = union(present.fields, entry.fields)
    after.set(identityOf(bucket), bucket)
  }
  return after
}

function unmanaged(object: JsonObject): JsonObject {
  const { metadata } = object
  if (!isObject(metadata) || metadata['managedFields'] === undefined) return object
  const kept = { ...metadata }
  delete kept['managedFields']
  return { ...object, metadata: kept }
}
