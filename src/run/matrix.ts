/**
 * Many experiments side by side, each on its own cluster. Only the time under load is dear: with more than three loads on
 * two cores the pods run short of processor (measured), and then nobody can tell a drop from a machine that is too slow. So the loads have slots,
 * and a few further experiments get their clusters ready meanwhile.
 */
import { availableParallelism } from 'node:os'
import type { Estimate } from './experiment.ts'

const LOADS_PER_CORE = 1.5
const PREPARING = 2

/** The catalogue's default load; a scenario with more takes as many times the room. */
const STANDARD_LOAD_PER_SECOND = 310

export function loadsAtATime(cores = availableParallelism()): number {
  return Math.max(1, Math.floor(cores * LOADS_PER_CORE))
}

export function experimentsAtATime(loads: number): number {
  return loads === 1 ? 1 : loads + PREPARING
}

/** Room for so many standard loads at once, shared by the experiments of a run. Who waits longest is next. */
export class LoadRoom {
  readonly #capacity: number
  #free: number
  readonly #waiting: { need: number; enter: () => void }[] = []

  constructor(loads: number) {
    this.#capacity = loads * STANDARD_LOAD_PER_SECOND
    this.#free = this.#capacity
  }

  /** Resolves with the function that gives the room back; calling that twice does no harm. */
  async take(requestsPerSecond: number): Promise<() => void> {
    // A load beyond all there is gets all there is: it runs alone.
    const need = Math.min(requestsPerSecond, this.#capacity)
    await new Promise<void>(enter => {
      this.#waiting.push({ need, enter })
      this.#admit()
    })
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#free += need
      this.#admit()
    }
  }

  #admit(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && next.need <= this.#free;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift()
      this.#free -= next.need
      next.enter()
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
