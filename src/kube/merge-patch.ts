/** JSON merge patches (RFC 7386): applied, and turned around. Pure. */

type Json = unknown

const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function applyMergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch
  const merged: Record<string, Json> = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key)
    else merged[key] = applyMergePatch(merged[key], value)
  }
  return merged
}

/** The patch that brings back what `patch` will replace in `before`, and touches nothing else. */
export function inversePatch(before: Json, patch: Json): Json {
  if (!isObject(patch) || !isObject(before)) return before === undefined ? null : before
  return Object.fromEntries(
    Object.entries(patch).map(([key, value]) => [
      key,
      key in before ? inversePatch(before[key], value) : null,
    ]),
  )
}

/** Whether the object still is as the patch left it. */
export function isAsPatched(object: Json, patch: Json): boolean {
  return JSON.stringify(sorted(applyMergePatch(object, patch))) === JSON.stringify(sorted(object))
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
