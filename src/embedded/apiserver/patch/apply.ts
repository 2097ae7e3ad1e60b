/**
 * Server-side apply: the configuration is merged in, what the same manager applied before and no longer does is taken
 * out, and a field that another manager applied with another value is a conflict unless forced.
 */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject, sameJson } from '../../store/json.ts'
import type { ApiError, ResourceName } from '../../cluster-api.ts'
import { badRequest, failure } from '../api-errors.ts'
import { fieldsOf, withoutDropped } from './owned-fields.ts'
import { strategicMerge } from './strategic-merge.ts'

export interface ApplyOptions {
  manager: string
  force: boolean
  time: string
}

export function applyConfiguration(
  resource: ResourceName,
  current: JsonObject | null,
  configuration: Json,
  { manager, force, time }: ApplyOptions,
): JsonObject {
  if (!isObject(configuration)) throw badRequest('an applied configuration is an object')
  if (manager === '')
    throw badRequest(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    )
  const entries = managedEntries(current)
  const mine = entries.find(entry => isAppliedBy(entry, manager))
  const fields = fieldsOf(resource, configuration)
  const base = current ?? {}
  const before = mine?.['fieldsV1']
  const cleaned = isObject(before) ? withoutDropped(base, before, fields) : base
  const merged = strategicMerge(resource, cleaned, configuration)
  const others = entries.filter(entry => entry !== mine)
  if (!force && current !== null) refuseConflicts(current, merged, others)
  const record: JsonObject = {
    manager,
    operation: 'Apply',
    apiVersion: configuration['apiVersion'] ?? '',
    time: mine !== undefined && sameJson(mine['fieldsV1'], fields) ? (mine['time'] ?? time) : time,
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  }
  const metadata = isObject(merged['metadata']) ? merged['metadata'] : {}
  return { ...merged, metadata: { ...metadata, managedFields: [...others, record] } }
}

function managedEntries(current: JsonObject | null): JsonObject[] {
  const metadata = current?.['metadata']
  const entries = isObject(metadata) ? metadata['managedFields'] : undefined
  return Array.isArray(entries) ? entries.filter(isObject) : []
}

function isAppliedBy(entry: JsonObject, manager: string): boolean {
  return entry['manager'] === manager && entry['operation'] === 'Apply'
}

function refuseConflicts(current: JsonObject, merged: JsonObject, others: JsonObject[]): void {
  const causes = others.flatMap(entry => {
    const fields = entry['fieldsV1']
    const changed = isObject(fields) ? changedLeaves(current, merged, fields, '') : []
    const manager = JSON.stringify(entry['manager'] ?? '')
    return changed.map(field => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${manager}`,
      field,
    }))
  })
  if (causes.length > 0) throw applyConflict(causes)
}

function applyConflict(causes: { reason: string; message: string; field: string }[]): ApiError {
  const list = causes.map(({ message, field }) => `${message}: ${field}`).join('\n- ')
  const message = `Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${list}`
  return failure(409, 'Conflict', message, { causes })
}

/** The leaves of a manager's tree whose value the merge changed; within lists the whole item counts as one. */
function changedLeaves(
  before: Json | undefined,
  after: Json | undefined,
  fields: JsonObject,
  path: string,
): string[] {
  if (sameJson(before, after)) return []
  return Object.entries(fields).flatMap(([field, inner]) => {
    if (!field.startsWith('f:')) return itemChanges(before, after, field, isObject(inner) ? inner : {}, path)
    const name = field.slice(2)
    const [one, other] = [memberOf(before, name), memberOf(after, name)]
    if (isObject(inner) && Object.keys(inner).length > 0)
      return changedLeaves(one, other, inner, `${path}.${name}`)
    return one === undefined || sameJson(one, other) ? [] : [`${path}.${name}`]
  })
}

function itemChanges(
  before: Json | undefined,
  after: Json | undefined,
  field: string,
  inner: JsonObject,
  path: string,
): string[] {
  if (!field.startsWith('k:')) return []
  const id = JSON.parse(field.slice(2)) as JsonObject
  const find = (list: Json | undefined): Json | undefined =>
    Array.isArray(list)
      ? list.find(
          item => isObject(item) && Object.entries(id).every(([key, value]) => sameJson(item[key], value)),
        )
      : undefined
  const label = Object.entries(id).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return changedLeaves(find(before), find(after), inner, `${path}[${label.join(',')}]`)
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) ? value[name] : undefined
}
