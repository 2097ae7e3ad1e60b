/** RFC 7386: objects merge, null deletes, everything else replaces. */
import type { Json } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'

export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch
  const merged: Record<string, Json> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key)
    else merged[key] = mergePatch(merged[key] ?? null, value)
  }
  return merged
}
