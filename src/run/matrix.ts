/**
 * Many experiments side by side, each on its own cluster. How many at a time follows from the machine: beyond about two and
 * a half a core the load drivers begin to fall behind (measured), and a late driver makes a run inconclusive.
 */
import { availableParallelism } from 'node:os'

const RUNS_PER_CORE = 2.5

export function runsAtATime(cores = availableParallelism()): number {
  return Math.max(1, Math.floor(cores * RUNS_PER_CORE))
}

/** Starts the longest first, so that none is left over at the end. Results come in the order of `items`. */
export async function sideBySide<T, R>(
  items: readonly T[],
  atATime: number,
  lengthMs: (item: T) => number,
  action: (item: T) => Promise<R>,
): Promise<R[]> {
  const queue = items
    .map((item, index) => ({ item, index }))
    .sort((a, b) => lengthMs(b.item) - lengthMs(a.item) || a.index - b.index)
  const outcomes = new Array<R>(items.length)
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      outcomes[next.index] = await action(next.item)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, worker))
  return outcomes
}
