/**
 * Many experiments side by side, each on its own cluster. Only the time under load is dear: with more than three loads on
 * two cores the pods run short of processor (measured), and then nobody can tell a drop from a machine that is too slow. So the loads have slots,
 * and a few further experiments get their clusters ready meanwhile.
 */
import { availableParallelism } from 'node:os'
import type { Estimate } from './experiment.ts'

const LOADS_PER_CORE = 1.5
const PREPARING = 2

export function loadsAtATime(cores = availableParallelism()): number {
  return Math.max(1, Math.floor(cores * LOADS_PER_CORE))
}

export function experimentsAtATime(loads: number): number {
  return loads === 1 ? 1 : loads + PREPARING
}

/** At most `count` holders; who waits longest is next. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves with the function that gives the slot back; calling that twice does no harm. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    let held = true
    return () => {
      if (!held) return
      held = false
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}

/**
 * The order of starting: first those that are soonest ready for load, as many as there are slots, so that no slot stands
 * empty; then the longest first, so that none is left over at the end.
 */
export function startOrder<T>(items: readonly T[], slots: number, estimate: (item: T) => Estimate): T[] {
  const bySoonest = [...items].sort((a, b) => estimate(a).prepareMs - estimate(b).prepareMs)
  const first = bySoonest.slice(0, slots)
  const rest = items.filter(item => !first.includes(item))
  return [...first, ...rest.sort((a, b) => estimate(b).loadMs - estimate(a).loadMs)]
}

/** Starts in order, at most `atATime` at once. What the actions give comes in the order of `items`. */
export async function sideBySide<T, R>(
  items: readonly T[],
  order: readonly T[],
  atATime: number,
  action: (item: T) => Promise<R>,
): Promise<R[]> {
  const queue = [...order]
  const outcomes = new Map<T, R>()
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      outcomes.set(next, await action(next))
  }
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, worker))
  return items.map(item => outcomes.get(item) as R)
}
