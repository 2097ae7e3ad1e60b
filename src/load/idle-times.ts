/**
 * Connections that rest between two requests for as long as a server keeps them, more or less: each has a schedule of
 * its own, so that the rest of one is not mended by the turn of another. A rest is shorter by the time that the answer
 * before it took.
 */
import type { Random } from '../base/random.ts'
import type { WorkerShare } from '../model/load.ts'
import type { Pace } from './pacer.ts'

export interface IdleGaps {
  idleMs: number
  jitterMs: number
}

/** As many connections as the rate needs, if each is used once in `idleMs`. */
export function connectionsAtRest(ratePerSecond: number, idleMs: number): number {
  return Math.max(1, Math.round((ratePerSecond * idleMs) / 1000))
}

export class IdleTimes {
  /** Whose turn the next request is. */
  turn = 0
  readonly #dueUs: number[]
  readonly #uses: number[]
  readonly #pace: Pace
  readonly #gaps: IdleGaps
  readonly #connections: number
  readonly #share: WorkerShare
  readonly #random: Random

  constructor(pace: Pace, gaps: IdleGaps, share: WorkerShare, random: Random) {
    this.#pace = pace
    this.#gaps = gaps
    this.#share = share
    this.#random = random
    this.#connections = connectionsAtRest(pace.ratePerSecond, gaps.idleMs)
    const ours = Math.max(0, Math.ceil((this.#connections - share.index) / share.count))
    this.#uses = Array.from({ length: ours }, () => 0)
    this.#dueUs = this.#uses.map((_, connection) => this.#dueOf(connection))
  }

  /** How many connections this worker has. */
  get size(): number {
    return this.#uses.length
  }

  next(): number {
    this.turn = this.#dueUs.indexOf(Math.min(...this.#dueUs))
    const dueUs = this.#dueUs[this.turn] ?? Number.POSITIVE_INFINITY
    this.#uses[this.turn] = (this.#uses[this.turn] ?? 0) + 1
    this.#dueUs[this.turn] = this.#dueOf(this.turn)
    return dueUs
  }

  /** Half of the jitter at either end of a rest makes the whole of it. */
  #dueOf(connection: number): number {
    const overall = this.#share.index + connection * this.#share.count
    const uses = this.#uses[connection] ?? 0
    const { idleMs, jitterMs } = this.#gaps
    const shiftUs = this.#random.between(-0.5, 0.5) * jitterMs * 1000
    const beginUs = this.#pace.originUs + (overall * idleMs * 1000) / this.#connections
    return Math.round(Math.max(this.#pace.originUs, beginUs + uses * idleMs * 1000 + shiftUs))
  }
}
