/**
 * Strategic merge, as kustomize does it for Kubernetes's own kinds: maps are merged, null deletes, lists whose items
 * have a merge key are merged by it (with the patch's items first, which is kustomize's order), other lists are
 * replaced. Of the `$patch` directives only `delete` is known; `unknownDirectives` finds the others beforehand.
 */
import { isRecord } from '../explain.ts'
import type { Path } from '../yaml-source.ts'

/** By the list's field. A list whose items lack the key is replaced whole, as `command` is. */
const mergeKeys: Record<string, readonly string[]> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  // Of a container, and of a Service.
  ports: ['containerPort', 'port'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  hostAliases: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
}

export function strategicMerge(
  target: Record<string, unknown>,
  patch: Record<string, unknown>,
): Record<string, unknown> {
  const kept = Object.entries(target).filter(([key]) => !(key in patch))
  const changed = Object.entries(patch)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => [key, mergeValue(key, target[key], value)] as const)
  return Object.fromEntries([...kept, ...changed])
}

export function isDeletion(patch: unknown): boolean {
  return isRecord(patch) && patch['$patch'] === 'delete'
}

/** Paths of `$…` keys in a patch that this module would take for plain fields. */
export function unknownDirectives(patch: unknown, path: Path = [], deletable = true): Path[] {
  if (Array.isArray(patch)) {
    const keyed = mergeKeyOf(String(path.at(-1)), patch) !== null
    return patch.flatMap((item, index) => unknownDirectives(item, [...path, index], keyed))
  }
  if (!isRecord(patch)) return []
  return Object.entries(patch).flatMap(([key, value]) => {
    if (!key.startsWith('$')) return unknownDirectives(value, [...path, key], false)
    return key === '$patch' && value === 'delete' && deletable ? [] : [[...path, key]]
  })
}

function mergeValue(field: string, target: unknown, patch: unknown): unknown {
  if (isRecord(patch)) return strategicMerge(isRecord(target) ? target : {}, patch)
  if (!Array.isArray(patch)) return patch
  const key = mergeKeyOf(field, patch)
  if (key === null || !Array.isArray(target)) return withoutDeletions(patch)
  return mergeLists(target, patch, key)
}

function mergeLists(target: unknown[], patch: unknown[], key: string): unknown[] {
  const idOf = (item: unknown): unknown => (isRecord(item) ? item[key] : undefined)
  const patched = new Set(patch.map(idOf))
  const merged = patch
    .filter(item => !isDeletion(item))
    .map(item =>
      mergeValue(
        '',
        target.find(other => idOf(other) === idOf(item)),
        item,
      ),
    )
  return [...merged, ...target.filter(item => !patched.has(idOf(item)))]
}

function withoutDeletions(patch: unknown[]): unknown[] {
  return patch.filter(item => !isDeletion(item)).map(item => mergeValue('', undefined, item))
}

function mergeKeyOf(field: string, items: readonly unknown[]): string | null {
  const candidates = mergeKeys[field] ?? []
  return candidates.find(key => items.every(item => isRecord(item) && key in item)) ?? null
}
