/**
 * How another machine's clock stands to ours, after Cristian: an answer that carries an instant was given between our
 * question and its arrival, so each round trip puts the offset between two bounds, whatever way the delay was spread.
 * The bounds of all round trips hold together, widened by what two clocks can drift apart in the time between.
 */

/** One round trip: two instants of ours, and between them one of the other clock. */
export interface ClockExchange {
  sentUs: number
  otherUs: number
  receivedUs: number
}

/** Subtract `offsetUs` from an instant of the other clock, and it is ours, give or take `errorUs`. */
export interface ClockOffset {
  offsetUs: number
  errorUs: number
}

/**
 * Each of two clocks may be slewed by its time service by 500 parts per million (the limit of adjtimex), in opposite
 * directions. Neither is ever stepped: a process goes on by the monotonic clock.
 */
const DRIFT_PER_US = 1000 / 1e6
/** Instants are rounded to a microsecond on both sides. */
const ROUNDING_US = 2

/** What is known of the offset at one instant of the other clock. */
interface Bounds {
  atUs: number
  leastUs: number
  mostUs: number
}

export class ClockRelation {
  /** In order of time; each holds what it and all before it say. */
  readonly #known: Bounds[] = []
  #contradicted = false
  #lastUs = 0

  add({ sentUs, otherUs, receivedUs }: ClockExchange): void {
    const seen: Bounds = {
      atUs: otherUs,
      leastUs: otherUs - receivedUs - ROUNDING_US,
      mostUs: otherUs - sentUs + ROUNDING_US,
    }
    const before = this.#known.at(-1)
    const bounds = before === undefined ? seen : intersect(seen, widened(before, otherUs))
    // A clock was stepped, or drifts more than clocks do: from here on nothing is known.
    if (bounds.leastUs > bounds.mostUs) this.#contradicted = true
    this.#known.push(bounds)
  }

  get exchanges(): number {
    return this.#known.length
  }

  /** For the span from `fromUs` to `toUs` of the other clock; null when nothing is known, or what is contradicts itself. */
  offsetFor(fromUs: number, toUs: number): ClockOffset | null {
    const [from, to] = [this.#boundsAt(fromUs), this.#boundsAt(toUs)]
    if (from === null || to === null || this.#contradicted) return null
    const offsetUs = this.#steady((to.leastUs + to.mostUs) / 2, (to.mostUs - to.leastUs) / 2)
    const ends = [from.leastUs, from.mostUs, to.leastUs, to.mostUs]
    return { offsetUs, errorUs: Math.max(...ends.map(end => Math.ceil(Math.abs(end - offsetUs)))) }
  }

  /** As of the last round trip. */
  latest(): ClockOffset | null {
    const last = this.#known.at(-1)
    return last === undefined ? null : this.offsetFor(last.atUs, last.atUs)
  }

  /** The middle is the best guess; but while the last one will do, instants of one clock keep their distances. */
  #steady(middleUs: number, halfWidthUs: number): number {
    if (Math.abs(middleUs - this.#lastUs) > halfWidthUs / 2) this.#lastUs = Math.round(middleUs)
    return this.#lastUs
  }

  #boundsAt(atUs: number): Bounds | null {
    const after = this.#firstAfter(atUs)
    const [left, right] = [this.#known[after - 1], this.#known[after]]
    if (left === undefined) return right === undefined ? null : widened(right, atUs)
    return right === undefined ? widened(left, atUs) : intersect(widened(left, atUs), widened(right, atUs))
  }

  #firstAfter(atUs: number): number {
    let [low, high] = [0, this.#known.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#known[middle]?.atUs ?? 0) <= atUs) low = middle + 1
      else high = middle
    }
    return low
  }
}

function widened({ atUs, leastUs, mostUs }: Bounds, toUs: number): Bounds {
  const driftUs = Math.abs(toUs - atUs) * DRIFT_PER_US
  return { atUs: toUs, leastUs: leastUs - driftUs, mostUs: mostUs + driftUs }
}

function intersect(a: Bounds, b: Bounds): Bounds {
  return { atUs: a.atUs, leastUs: Math.max(a.leastUs, b.leastUs), mostUs: Math.min(a.mostUs, b.mostUs) }
}
