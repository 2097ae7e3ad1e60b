/**
 * Which endpoints a node's rules name (semantics §7.3): all ready ones; if there is none, those that terminate and still
 * serve. Endpoints that are not ready and not terminating are never used. Under a Local policy only the node's own
 * endpoints count; when it has none and others do, the node drops what it would refuse if there were none at all.
 */
import type { Endpoint } from '../../kube/types.ts'

export interface Categorized {
  endpoints: Endpoint[]
  /** True when these are terminating ones, for want of ready ones. */
  fallback: boolean
  /** There are usable endpoints, but none that the policy allows. */
  dropped: boolean
}

/** `localNode` restricts the choice to that node's endpoints (traffic policy Local); null = all. */
export function categorizeEndpoints(all: readonly Endpoint[], localNode: string | null): Categorized {
  const usable = usableOf(all)
  if (localNode === null) return { ...usable, dropped: false }
  const local = usableOf(all.filter(endpoint => endpoint.nodeName === localNode))
  return { ...local, dropped: local.endpoints.length === 0 && usable.endpoints.length > 0 }
}

function usableOf(candidates: readonly Endpoint[]): { endpoints: Endpoint[]; fallback: boolean } {
  // Absent ready or serving means true, absent terminating means false (§6).
  const ready = candidates.filter(({ conditions }) => conditions?.ready !== false)
  if (ready.length > 0) return { endpoints: ready, fallback: false }
  const serving = candidates.filter(
    ({ conditions }) => conditions?.serving !== false && conditions?.terminating === true,
  )
  return { endpoints: serving, fallback: serving.length > 0 }
}
