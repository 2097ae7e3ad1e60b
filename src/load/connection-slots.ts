/**
 * The fixed set of connections of a population, used first in, first out: a request goes to the one that has been idle
 * longest. That visits every connection in turn and so exposes a server that closes idle ones; last in, first out would
 * hide it. A connection that has ended keeps its turn, and is opened again when that comes.
 */
import type { Channel } from './channel.ts'

export class Slot {
  /** Null until its first turn. It may have ended since it was used. */
  channel: Channel | null = null
  /** It stands in the queue. A channel with room for more does so while requests are open on it. */
  queued = false
}

export interface SlotSet {
  readonly all: readonly Slot[]
  /** Null when there is none for the next request. */
  take(): Slot | null
  giveBack(slot: Slot): void
}

export class ConnectionSlots implements SlotSet {
  readonly all: readonly Slot[]
  /** A ring: as long as the set, so it is never full. */
  readonly #queue: (Slot | null)[]
  #head = 0
  #length = 0

  constructor(size: number) {
    this.all = Array.from({ length: size }, () => new Slot())
    this.#queue = Array.from({ length: size }, () => null)
    for (const slot of this.all) this.giveBack(slot)
  }

  /** Null when every connection is busy. */
  take(): Slot | null {
    if (this.#length === 0) return null
    const slot = this.#queue[this.#head] ?? null
    this.#head = this.#head + 1 === this.#queue.length ? 0 : this.#head + 1
    this.#length -= 1
    if (slot !== null) slot.queued = false
    return slot
  }

  /** To the end of the queue, unless it stands in it. */
  giveBack(slot: Slot): void {
    if (slot.queued) return
    slot.queued = true
    this.#queue[(this.#head + this.#length) % this.#queue.length] = slot
    this.#length += 1
  }
}

/** Each request has its connection, busy or not. */
export class PinnedSlots implements SlotSet {
  /** Whose turn it is. */
  turn = 0
  readonly all: readonly Slot[]

  constructor(size: number) {
    this.all = Array.from({ length: size }, () => new Slot())
    for (const slot of this.all) this.giveBack(slot)
  }

  take(): Slot | null {
    const slot = this.all[this.turn]
    if (slot?.queued !== true) return null
    slot.queued = false
    return slot
  }

  giveBack(slot: Slot): void {
    slot.queued = true
  }
}
