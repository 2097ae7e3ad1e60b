/**
 * Time limits without a timer per request: the holders stand in a set, which is looked through only when the earliest
 * limit known has passed. Most holders end long before their limit, so a look is rare.
 */
export interface DeadlineHolder {
  deadlineUs: number
  onDeadline(nowUs: number): void
}

export class Deadlines {
  readonly #holders = new Set<DeadlineHolder>()
  /** No later than the earliest limit held; it may be earlier, since a cleared limit does not raise it. */
  #earliestUs = Number.POSITIVE_INFINITY

  set(holder: DeadlineHolder, atUs: number): void {
    holder.deadlineUs = atUs
    this.#holders.add(holder)
    if (atUs < this.#earliestUs) this.#earliestUs = atUs
  }

  clear(holder: DeadlineHolder): void {
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
      this.#holders.delete(holder)
      holder.onDeadline(nowUs)
    }
  }
}
