/**
 * Server-side apply of a configuration, with Kubernetes's conflicts, and kubectl's way over from client-side apply: what
 * the last-applied annotation says unchanged may be taken over without force, and the annotation is kept up to date.
 */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject, sameJson, without } from '../../store/json.ts'
import type { ApiError, ResourceName } from '../../cluster-api.ts'
import { badRequest, failure } from '../api-errors.ts'
import type { Applied, Conflict, Writer } from './field-manager.ts'
import { managedAfterApply } from './field-manager.ts'
import { difference, isEmptySet, pathTexts, union } from './field-set.ts'
import type { FieldSet } from './field-set.ts'
import type { ManagedEntry } from './managed-fields.ts'
import { decodeManaged, encodeManaged, identityOf, textOf } from './managed-fields.ts'
import { compare, duplicateIn, fieldsOf } from './typed-values.ts'

export interface ApplyOptions extends Writer {
  force: boolean
}

const lastAppliedKey = 'kubectl.kubernetes.io/last-applied-configuration'

/** The object to store, its managedFields included. */
export function applyConfiguration(
  resource: ResourceName,
  current: JsonObject | null,
  configuration: JsonObject,
  options: ApplyOptions,
): JsonObject {
  const given = configuration['metadata']
  if (isObject(given) && given['managedFields'] !== undefined)
    throw badRequest('metadata.managedFields must be nil')
  refuseDuplicates(resource, configuration)
  const live = current
  const managed = decodeManaged(metadataOf(live)['managedFields']) ?? new Map<string, ManagedEntry>()
  const applied = managedAfterApply(resource, live, configuration, managed, options)
  const conflicts = options.force ? [] : unsettled(resource, live, applied, options.manager)
  if (conflicts.length > 0) throw applyConflict(conflicts)
  const object =
    options.manager === 'kubectl' ? withLastApplied(applied.object, configuration) : applied.object
  const entries = encodeManaged(applied.managed)
  const metadata = entries.length > 0 ? { managedFields: entries } : {}
  return { ...object, metadata: { ...metadataOf(object), ...metadata } }
}

function refuseDuplicates(resource: ResourceName, configuration: JsonObject): void {
  const duplicate = duplicateIn(resource, configuration)
  if (duplicate === null) return
  const { namespace, name } = metadataOf(configuration)
  const { apiVersion, kind } = configuration
  const version = textOf(apiVersion).includes('/') ? textOf(apiVersion) : `/${textOf(apiVersion)}`
  const which = `${textOf(namespace)}/${textOf(name)}; ${version}, Kind=${textOf(kind)}`
  const { path, element } = duplicate
  throw failure(
    500,
    '',
    `failed to create typed patch object (${which}): ${path}: duplicate entries for key ${element}`,
  )
}

function metadataOf(object: JsonObject | null): JsonObject {
  const metadata = object?.['metadata']
  return isObject(metadata) ? metadata : {}
}

function unsettled(
  resource: ResourceName,
  live: JsonObject | null,
  { conflicts }: Applied,
  manager: string,
): Conflict[] {
  if (manager !== 'kubectl' || live === null) return conflicts
  const allowed = unchangedSinceApply(resource, live)
  if (allowed === null) return conflicts
  return conflicts
    .map(conflict => ({ ...conflict, fields: difference(conflict.fields, allowed) }))
    .filter(({ fields }) => !isEmptySet(fields))
}

/** The fields that the annotation names and the object still has as it says; null without a usable annotation. */
function unchangedSinceApply(resource: ResourceName, live: JsonObject): FieldSet | null {
  const last = lastAppliedOf(live)
  if (last === null || !sameJson(last['apiVersion'], live['apiVersion'])) return null
  const { added, modified, removed } = compare(resource, last, live)
  return difference(fieldsOf(resource, last), union(union(added, modified), removed))
}

function lastAppliedOf(object: JsonObject): JsonObject | null {
  const annotations = metadataOf(object)['annotations']
  const text = isObject(annotations) ? annotations[lastAppliedKey] : undefined
  if (typeof text !== 'string' || text === '') return null
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function withLastApplied(object: JsonObject, configuration: JsonObject): JsonObject {
  const metadata = metadataOf(object)
  const { annotations } = metadata
  if (!isObject(annotations) || (annotations[lastAppliedKey] ?? '') === '') return object
  const own = metadataOf(configuration)
  const ownAnnotations = isObject(own['annotations']) ? without(own['annotations'], lastAppliedKey) : null
  const bare = without(own, 'annotations')
  const kept = ownAnnotations === null ? bare : { ...bare, annotations: ownAnnotations }
  const text = `${JSON.stringify(sortedKeys({ ...configuration, metadata: kept }))}\n`
  return { ...object, metadata: { ...metadata, annotations: { ...annotations, [lastAppliedKey]: text } } }
}

function sortedKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (!isObject(value)) return value
  const names = Object.keys(value).sort()
  return Object.fromEntries(names.map(name => [name, sortedKeys(value[name] ?? null)]))
}

function applyConflict(conflicts: Conflict[]): ApiError {
  const causes = conflicts.flatMap(({ owner, fields }) =>
    pathTexts(fields).map(field => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${ownerText(owner)}`,
      field,
    })),
  )
  return failure(409, 'Conflict', conflictMessage(conflicts, causes.length), { causes })
}

function conflictMessage(conflicts: Conflict[], count: number): string {
  const [first] = conflicts
  if (count === 1 && first !== undefined)
    return `Apply failed with 1 conflict: conflict with ${ownerText(first.owner)}: ${pathTexts(first.fields).join('')}`
  const sorted = [...conflicts].sort((one, other) =>
    identityOf(one.owner) < identityOf(other.owner) ? -1 : 1,
  )
  const lines = sorted.flatMap(({ owner, fields }) => [
    `conflicts with ${ownerText(owner)}:`,
    ...pathTexts(fields).map(path => `- ${path}`),
  ])
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`
}

function ownerText({ manager, subresource, operation, apiVersion }: ManagedEntry): string {
  const name = JSON.stringify(manager)
  const via = subresource === '' ? name : `${name} with subresource ${JSON.stringify(subresource)}`
  return operation === 'Update' ? `${via} using ${apiVersion}` : via
}
