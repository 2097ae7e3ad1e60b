/** One door for the four kinds of patch; the content type chooses. */
import type { Json } from '../../store/json.ts'
import type { ResourceName } from '../../cluster-api.ts'
import { failure } from '../api-errors.ts'
import { jsonPatch } from './json-patch.ts'
import { mergePatch } from './merge-patch.ts'
import { strategicMerge } from './strategic-merge.ts'

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

const types = new Map<string, PatchType>([
  ['application/json-patch+json', 'json'],
  ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'],
  ['application/apply-patch+yaml', 'apply'],
])

export function patchTypeOf(contentType: string): PatchType {
  const type = types.get(contentType)
  if (type !== undefined) return type
  throw failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
}

/** The document with the patch applied; nothing of `target` is changed. */
export function patched(
  type: Exclude<PatchType, 'apply'>,
  resource: ResourceName,
  target: Json,
  patch: Json,
): Json {
  if (type === 'json') return jsonPatch(target, patch)
  return type === 'merge' ? mergePatch(target, patch) : strategicMerge(resource, target, patch)
}
