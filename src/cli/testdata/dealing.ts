/** What the servers of traps have in common: how they deal them out, and what they tell. */
import type { Random } from '../../base/random.ts'
import type { Listening } from './listening.ts'

export interface TrapServer extends Listening {
  /** Requests that came. */
  arrived: number
  /** What a client must report. */
  expected: Record<string, number>
}

/** One of `traps` for each request: all of them in some order, and again in another. */
export function dealer<Trap>(random: Random, traps: readonly Trap[]): () => Trap {
  let deck: Trap[] = []
  return () => {
    if (deck.length === 0) deck = [...traps]
    const trap = random.pick(deck)
    deck.splice(deck.indexOf(trap), 1)
    return trap
  }
}

export function count(of: Record<string, number>, name: string): void {
  of[name] = (of[name] ?? 0) + 1
}
