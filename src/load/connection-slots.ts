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
  /** The turn of the loop in which it was last given out. */
  takenInTurn = 0

  /** Its connection must not be replaced, and has no room: the server takes fewer at a time than it let us think. */
  get full(): boolean {
    return this.channel?.full === true
  }
}

export interface SlotSet {
  readonly all: readonly Slot[]
  /** Null when there is none for the next request. */
  take(): Slot | null
  /** A request on it has ended. */
  giveBack(slot: Slot): void
  /** A request was sent on it, and it has room for more. */
  leave(slot: Slot): void
}

export class ConnectionSlots implements SlotSet {
  readonly all: readonly Slot[]
  /** A ring: as long as the set, so it is never full. */
  readonly #queue: (Slot | null)[]
  #head = 0
  #length = 0
  #turn = 0

  constructor(size: number) {
    this.all = Array.from({ length: size }, () => new Slot())
    this.#queue = Array.from({ length: size }, () => null)
    for (const slot of this.all) this.giveBack(slot)
  }

  get someFree(): boolean {
    return this.#length > 0
  }

  beginTurn(): void {
    this.#turn += 1
  }

  /** A connection that was given out before the last turn is busy still. */
  get someLongBusy(): boolean {
    return this.all.some(({ queued, takenInTurn }) => !queued && takenInTurn < this.#turn - 1)
  }

  /** Null when every connection is busy. */
  take(): Slot | null {
    for (let tried = this.#length; tried > 0; tried--) {
      const slot = this.#queue[this.#head] ?? null
      this.#head = this.#head + 1 === this.#queue.length ? 0 : this.#head + 1
      this.#length -= 1
      if (slot === null) continue
      slot.queued = false
      slot.takenInTurn = this.#turn
      if (!slot.full) return slot
      this.giveBack(slot)
    }
    return null
  }

  /** To the end of the queue, unless it stands in it. */
  giveBack(slot: Slot): void {
    if (slot.queued) return
    slot.queued = true
    this.#queue[(this.#head + this.#length) % this.#queue.length] = slot
    this.#length += 1
  }

  leave(slot: Slot): void {
    this.giveBack(slot)
  }
}

/**
 * For as many requests at a time as there shall be, each sent as soon as another is answered: it goes out where that
 * came in, so that the answers of one read make the requests of one write.
 */
export class AnsweredSlots implements SlotSet {
  readonly all: readonly Slot[]
  #answered: Slot | null = null
  #turn = 0

  constructor(size: number) {
    this.all = Array.from({ length: size }, () => new Slot())
    for (const slot of this.all) this.leave(slot)
  }

  take(): Slot | null {
    const answered = this.#answered
    const slot = answered?.queued === true && !answered.full ? answered : this.#next()
    this.#answered = null
    if (slot !== null) slot.queued = false
    return slot
  }

  giveBack(slot: Slot): void {
    this.leave(slot)
    this.#answered = slot
  }

  leave(slot: Slot): void {
    slot.queued = true
  }

  #next(): Slot | null {
    for (let tried = 0; tried < this.all.length; tried++) {
      const slot = this.all[this.#turn]
      this.#turn = (this.#turn + 1) % this.all.length
      if (slot?.queued === true && !slot.full) return slot
    }
    return null
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

  leave(slot: Slot): void {
    this.giveBack(slot)
  }
}
