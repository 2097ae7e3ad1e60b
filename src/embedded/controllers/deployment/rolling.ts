/**
 * The arithmetic of a rolling update (semantics §1.4): what one sync would write, from sizes alone. It counts what
 * ReplicaSets are asked for (`spec`) and what their status says is available; terminating pods are in neither.
 */
import type { Fenceposts } from './fenceposts.ts'

export interface Size {
  name: string
  spec: number
  available: number
}

export interface Resize {
  name: string
  replicas: number
}

export type RollingStep =
  | { kind: 'scale-new'; replicas: number }
  /** In order; the same ReplicaSet may be cut twice, first of unhealthy pods and then of healthy ones. */
  | { kind: 'cut-old'; cuts: Resize[] }
  | { kind: 'none' }

/** The size that the new ReplicaSet should have now, also when it is about to be created. */
export function newSize({ replicas, surge }: Fenceposts, newSpec: number, totalSpec: number): number {
  if (newSpec >= replicas) return replicas
  const room = replicas + surge - totalSpec
  return room <= 0 ? newSpec : newSpec + Math.min(room, replicas - newSpec)
}

/** `olds` are oldest first. */
export function rollingStep(fenceposts: Fenceposts, young: Size, olds: readonly Size[]): RollingStep {
  const totalSpec = young.spec + sum(olds, 'spec')
  const wanted = newSize(fenceposts, young.spec, totalSpec)
  if (wanted !== young.spec) return { kind: 'scale-new', replicas: wanted }
  const cuts = cutOld(fenceposts, young, olds)
  return cuts.length === 0 ? { kind: 'none' } : { kind: 'cut-old', cuts }
}

function cutOld({ replicas, unavailable }: Fenceposts, young: Size, olds: readonly Size[]): Resize[] {
  if (sum(olds, 'spec') === 0) return []
  const minAvailable = replicas - unavailable
  const budget = young.spec + sum(olds, 'spec') - minAvailable - (young.spec - young.available)
  if (budget <= 0) return []
  const unhealthy = cutUnhealthy(olds, budget)
  if (unhealthy.stale) return unhealthy.cuts
  const left = olds.map(old => ({
    ...old,
    spec: unhealthy.cuts.find(({ name }) => name === old.name)?.replicas ?? old.spec,
  }))
  const spare = young.available + sum(left, 'available') - minAvailable
  return [...unhealthy.cuts, ...cutHealthy(left, spare)]
}

/** §1.4, 3a. A status that shows more available pods than the spec asks for is stale and ends the step. */
function cutUnhealthy(olds: readonly Size[], budget: number): { cuts: Resize[]; stale: boolean } {
  const cuts: Resize[] = []
  let rest = budget
  for (const { name, spec, available } of olds) {
    if (rest <= 0) break
    if (spec === 0 || spec === available) continue
    if (available > spec) return { cuts, stale: true }
    const cut = Math.min(rest, spec - available)
    cuts.push({ name, replicas: spec - cut })
    rest -= cut
  }
  return { cuts, stale: false }
}

/** §1.4, 3b. */
function cutHealthy(olds: readonly Size[], spare: number): Resize[] {
  const cuts: Resize[] = []
  let rest = spare
  for (const { name, spec } of olds) {
    if (rest <= 0) break
    if (spec === 0) continue
    const cut = Math.min(rest, spec)
    cuts.push({ name, replicas: spec - cut })
    rest -= cut
  }
  return cuts
}

function sum(sizes: readonly Size[], what: 'spec' | 'available'): number {
  return sizes.reduce((total, size) => total + size[what], 0)
}
