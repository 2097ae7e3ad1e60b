/**
 * When the lines of a container's output were written. The kernel writes them right into a file, so that they survive
 * whatever ends a process, and nothing stands in between that could note a time. So the file is looked at from time to
 * time: what came between two looks was written between them, the last of it at the file's own time of change. All of it
 * is given that time. So a time is late by a period of looking at most, and early by no more than a tick of the kernel's
 * clock.
 */
import { statSync } from 'node:fs'

/** From here on every second look of the past is forgotten: a file that grows for days costs no more than this. */
const looksLimit = 20_000

interface Look {
  /** Of the file. */
  sizeBytes: number
  atUs: number
}

export class LogTimes {
  readonly #file: string
  readonly #limit: number
  #looks: Look[] = []

  constructor(file: string, limit = looksLimit) {
    this.#file = file
    this.#limit = limit
  }

  /** Notes what has come. Returns up to where there is something, which has times from now on. */
  look(): number {
    const last = this.#looks.at(-1) ?? { sizeBytes: 0, atUs: 0 }
    const stat = statSync(this.#file, { throwIfNoEntry: false })
    if (stat === undefined || stat.size <= last.sizeBytes) return last.sizeBytes
    // A wall clock that was set back must not bring the lines out of order.
    this.#looks.push({ sizeBytes: stat.size, atUs: Math.max(last.atUs, Math.round(stat.mtimeMs * 1000)) })
    if (this.#looks.length > this.#limit) this.#looks = thinned(this.#looks)
    return stat.size
  }

  /** Of a byte that a look has seen. */
  atUs(offset: number): number {
    return this.#looks[this.#first(({ sizeBytes }) => sizeBytes > offset)]?.atUs ?? 0
  }

  /** All before it was written before that instant. */
  offsetAt(atUs: number): number {
    return this.#looks[this.#first(look => look.atUs >= atUs) - 1]?.sizeBytes ?? 0
  }

  /** The index of the first look of which it holds; sizes and times only grow. */
  #first(holds: (look: Look) => boolean): number {
    let [low, high] = [0, this.#looks.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const look = this.#looks[middle]
      if (look !== undefined && holds(look)) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** The newest look stays: nothing that has a time loses it. */
function thinned(looks: readonly Look[]): Look[] {
  return looks.filter((_, index) => (looks.length - index) % 2 === 1)
}
