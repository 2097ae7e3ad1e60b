/**
 * Which endpoints a node's rules name (semantics §7.3): all ready ones; if there is none, those that terminate and still
 * serve. Endpoints that are not ready and not terminating are never used.
 */
import type { Endpoint } from '../../kube/types.ts'

export interface Categorized {
  endpoints: Endpoint[]
  /** True when these are terminating ones, for want of ready ones. */
  fallback: boolean
}

/** `localNode` restricts the choice to that node's endpoints (traffic policy Local); null = all. */
export function categorizeEndpoints(all: readonly Endpoint[], localNode: string | null): Categorized {
  const candidates = localNode === null ? all : all.filter(endpoint => endpoint.nodeName === localNode)
  // Absent ready or serving means true, absent terminating means false (§6).
  const ready = candidates.filter(({ conditions }) => conditions?.ready !== false)
  if (ready.length > 0) return { endpoints: ready, fallback: false }
  const serving = candidates.filter(
    ({ conditions }) => conditions?.serving !== false && conditions?.terminating === true,
  )
  return { endpoints: serving, fallback: serving.length > 0 }
}
