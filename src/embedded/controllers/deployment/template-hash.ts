/**
 * The pod-template-hash (semantics §1.7): 32-bit FNV-1a of the template and the collision count, in the alphabet that
 * Kubernetes uses for names. Its value cannot equal a real cluster's, which hashes a dump of Go structures; only that
 * one template always gives one hash matters.
 */
import type { PodTemplateSpec } from '../../../kube/types.ts'
import { canonicalJson } from '../canonical-json.ts'
import { shortHash } from '../fnv-hash.ts'

export const hashLabel = 'pod-template-hash'

export function templateHash(template: PodTemplateSpec, collisionCount: number): string {
  return shortHash(`${canonicalJson(template)}${collisionCount === 0 ? '' : collisionCount}`)
}

const fingerprints = new WeakMap<PodTemplateSpec, string>()

/** Equal for templates that differ in nothing but the hash label. Templates in caches do not change, so it is kept. */
export function templateFingerprint(template: PodTemplateSpec): string {
  const known = fingerprints.get(template)
  if (known !== undefined) return known
  const labels = Object.fromEntries(
    Object.entries(template.metadata?.labels ?? {}).filter(([key]) => key !== hashLabel),
  )
  const fingerprint = canonicalJson({ ...template, metadata: { ...withoutNulls(template.metadata), labels } })
  fingerprints.set(template, fingerprint)
  return fingerprint
}

/** `kubectl create` leaves `creationTimestamp: null` in templates; it means nothing. */
function withoutNulls(metadata: PodTemplateSpec['metadata']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata ?? {}).filter(([, value]) => (value as unknown) !== null))
}
