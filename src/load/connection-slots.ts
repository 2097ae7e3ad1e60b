/**
 * The fixed set of connections of a population, used first in, first out: a request goes to the one that has been idle
 * longest. That visits every connection in turn and so exposes a server that closes idle ones; last in, first out would
 * hide it. A connection that has ended keeps its turn, and is opened again when that comes.
 */
import type { Connection } from './connection.ts'

export interface Slot {
  /** Null until its first turn. It may have ended since it was used. */
  connection: Connection | null
}

export class ConnectionSlots {
  readonly #idle: Slot[]

  constructor(size: number) {
    this.#idle = Array.from({ length: size }, () => ({ connection: null }))
  }

  /** Null when every connection is busy. */
  take(): Slot | null {
    return this.#idle.shift() ?? null
  }

  giveBack(slot: Slot): void {
    this.#idle.push(slot)
  }
}
