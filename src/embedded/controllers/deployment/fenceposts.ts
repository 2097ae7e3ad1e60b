/** How many pods a rollout may add, and how many it may miss (semantics §1.2). */
import type { DeploymentSpec } from '../../../kube/types.ts'
import { scaledCount } from '../int-or-string.ts'

export interface Fenceposts {
  replicas: number
  surge: number
  /** Replicas minus this many must stay available. */
  unavailable: number
}

export function fencepostsOf({
  replicas = 1,
  strategy,
}: Pick<DeploymentSpec, 'replicas' | 'strategy'>): Fenceposts {
  if (strategy?.type === 'Recreate') return { replicas, surge: 0, unavailable: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy?.rollingUpdate ?? {}
  const surge = scaledCount(maxSurge, replicas, 'up')
  let unavailable = scaledCount(maxUnavailable, replicas, 'down')
  // Two percentages may both come to nothing; the rollout could then never move.
  if (surge === 0 && unavailable === 0) unavailable = 1
  return { replicas, surge, unavailable: Math.min(unavailable, replicas) }
}
