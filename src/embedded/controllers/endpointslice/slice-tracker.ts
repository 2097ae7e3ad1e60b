/**
 * What the controller wrote to slices and its watch has not shown yet. While something is outstanding a sync of that
 * Service must fail and back off (semantics §6): this is what makes some changes one second late when several pods of
 * a Service change within milliseconds.
 */
import type { EndpointSlice } from '../../../kube/types.ts'
import { keyOf } from '../informer.ts'

export class SliceTracker {
  readonly #written = new Map<string, Map<string, number>>()

  wrote(service: string, slice: EndpointSlice): void {
    const slices = this.#written.get(service) ?? new Map<string, number>()
    slices.set(keyOf(slice), versionOf(slice))
    this.#written.set(service, slices)
  }

  removed(service: string, slice: EndpointSlice): void {
    this.#written.get(service)?.delete(keyOf(slice))
  }

  /** True when a slice that was written is not in the cache, or is there in an older version. */
  isStale(service: string, cached: readonly EndpointSlice[]): boolean {
    const versions = new Map(cached.map(slice => [keyOf(slice), versionOf(slice)]))
    for (const [key, written] of this.#written.get(service) ?? []) {
      if ((versions.get(key) ?? 0) < written) return true
    }
    return false
  }

  /** True for a version that this controller did not write. */
  isForeign(service: string, slice: EndpointSlice): boolean {
    const written = this.#written.get(service)?.get(keyOf(slice))
    return written === undefined || versionOf(slice) > written
  }

  /** For a slice that somebody else deleted. */
  knows(service: string, slice: EndpointSlice): boolean {
    return this.#written.get(service)?.has(keyOf(slice)) ?? false
  }

  forget(service: string): void {
    this.#written.delete(service)
  }
}

/** The embedded API server counts its writes, so resource versions can be compared. */
function versionOf({ metadata }: EndpointSlice): number {
  return Number(metadata.resourceVersion ?? 0)
}
