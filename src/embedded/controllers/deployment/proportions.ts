/** Scaling while a rollout is under way: the change is shared out among the active ReplicaSets (semantics §1.5). */
import type { Fenceposts } from './fenceposts.ts'
import type { Resize } from './rolling.ts'

export interface ScaledSize {
  name: string
  spec: number
  createdUs: number
  /** The max-replicas annotation, from before the scaling; 0 when there is none. */
  maxBefore: number
}

/** New sizes of all active ReplicaSets. `statusReplicas` stands in for a missing annotation. */
export function proportionalSizes(
  { replicas, surge }: Fenceposts,
  active: readonly ScaledSize[],
  statusReplicas: number,
): Resize[] {
  const allowed = replicas > 0 ? replicas + surge : 0
  const toAdd = allowed - active.reduce((total, { spec }) => total + spec, 0)
  const sorted = [...active].sort((one, other) => bySize(one, other, toAdd > 0 ? 'newer' : 'older'))
  let added = 0
  const sizes = sorted.map(size => {
    const left = toAdd - added
    const share = left === 0 ? 0 : bounded(fraction(size, replicas, surge, statusReplicas), left)
    added += share
    return { name: size.name, replicas: size.spec + share }
  })
  const first = sizes[0]
  if (first !== undefined) first.replicas = Math.max(0, first.replicas + toAdd - added)
  return sizes
}

function fraction(size: ScaledSize, replicas: number, surge: number, statusReplicas: number): number {
  if (replicas === 0) return -size.spec
  const before = size.maxBefore > 0 ? size.maxBefore : statusReplicas
  if (before === 0) return 0
  return Math.round((size.spec * (replicas + surge)) / before) - size.spec
}

function bounded(share: number, left: number): number {
  return left > 0 ? Math.min(share, left) : Math.max(share, left)
}

function bySize(one: ScaledSize, other: ScaledSize, first: 'newer' | 'older'): number {
  if (one.spec !== other.spec) return other.spec - one.spec
  const age = one.createdUs - other.createdUs || (one.name < other.name ? -1 : 1)
  return first === 'older' ? age : -age
}
