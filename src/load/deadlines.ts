/**
 * Time limits without a timer per request: the holders stand in a set, which is looked through only when the earliest
 * limit known has passed. Most holders end long before their limit, so a look is rare; and a holder that will need
 * another limit soon rests in the set meanwhile, so that a limit costs no more than a number.
 */
export interface DeadlineHolder {
  /** Belongs to Deadlines; begins at `notHeld`. */
  deadlineUs: number
  onDeadline(nowUs: number): void
}

export const notHeld = 0

export class Deadlines {
  readonly #holders = new Set<DeadlineHolder>()
  /** No later than the earliest limit held; it may be earlier, since a cleared limit does not raise it. */
  #earliestUs = Number.POSITIVE_INFINITY

  set(holder: DeadlineHolder, atUs: number): void {
    if (holder.deadlineUs === notHeld) this.#holders.add(holder)
    holder.deadlineUs = atUs
    if (atUs < this.#earliestUs) this.#earliestUs = atUs
  }

  /** It has no limit now, and will soon have one again. */
  rest(holder: DeadlineHolder): void {
    if (holder.deadlineUs !== notHeld) holder.deadlineUs = Number.POSITIVE_INFINITY
  }

  clear(holder: DeadlineHolder): void {
    if (holder.deadlineUs === notHeld) return
    holder.deadlineUs = notHeld
    this.#holders.delete(holder)
  }

  expire(nowUs: number): void {
    if (nowUs < this.#earliestUs) return
    const passed: DeadlineHolder[] = []
    this.#earliestUs = Number.POSITIVE_INFINITY
    for (const holder of this.#holders) {
      if (holder.deadlineUs <= nowUs) passed.push(holder)
      else if (holder.deadlineUs < this.#earliestUs) this.#earliestUs = holder.deadlineUs
    }
    for (const holder of passed) {
      this.clear(holder)
      holder.onDeadline(nowUs)
    }
  }
}
