/**
 * `metadata.managedFields`: who set which field, by which operation, when. One entry per manager, operation, version and
 * subresource; an Apply counts as the same manager whatever its version.
 */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import type { FieldSet } from './field-set.ts'
import { fromFieldsV1, isEmptySet, toFieldsV1 } from './field-set.ts'

export interface ManagedEntry {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  subresource: string
  /** '' where none was recorded. */
  time: string
  fields: FieldSet
}

/** By identity, see `identityOf`. */
export type Managed = Map<string, ManagedEntry>

export function identityOf(entry: Omit<ManagedEntry, 'fields' | 'time'>): string {
  const { manager, operation, apiVersion, subresource } = entry
  return JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource])
}

/** Null when an entry is not one that a server could have written. */
export function decodeManaged(entries: Json | undefined): Managed | null {
  if (!Array.isArray(entries)) return entries === undefined ? new Map() : null
  const managed: Managed = new Map()
  for (const item of entries) {
    const entry = isObject(item) ? decodeEntry(item) : null
    if (entry === null) return null
    managed.set(identityOf(entry), entry)
  }
  return managed
}

function decodeEntry(item: JsonObject): ManagedEntry | null {
  const { operation, fieldsType } = item
  const apiVersion = textOf(item['apiVersion'])
  if ((operation !== 'Apply' && operation !== 'Update') || apiVersion === '' || fieldsType !== 'FieldsV1')
    return null
  return {
    manager: textOf(item['manager']),
    operation,
    apiVersion,
    subresource: textOf(item['subresource']),
    time: textOf(item['time']),
    fields: fromFieldsV1(item['fieldsV1']),
  }
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** In Kubernetes's order: by operation, time, manager, version, subresource. */
export function encodeManaged(managed: Managed): JsonObject[] {
  const entries = [...managed.values()].filter(({ fields }) => !isEmptySet(fields))
  const keyOf = ({ operation, time, manager, apiVersion, subresource }: ManagedEntry): string[] => [
    operation,
    time,
    manager,
    apiVersion,
    subresource,
  ]
  return entries.sort((one, other) => compareKeys(keyOf(one), keyOf(other))).map(encodeEntry)
}

function compareKeys(one: string[], other: string[]): number {
  const index = one.findIndex((text, at) => text !== other[at])
  if (index < 0) return 0
  return (one[index] ?? '') < (other[index] ?? '') ? -1 : 1
}

function encodeEntry({
  manager,
  operation,
  apiVersion,
  time,
  fields,
  subresource,
}: ManagedEntry): JsonObject {
  return {
    manager,
    operation,
    apiVersion,
    ...(time === '' ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(fields),
    ...(subresource === '' ? {} : { subresource }),
  }
}
