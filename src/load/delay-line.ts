/**
 * The length of the wire, where the plan's network has one: whatever is put in comes out later, in the order it was
 * put in, never early. One timer serves all connections.
 */
import type { Clock } from '../base/clock.ts'

export class DelayLine {
  #queue: { dueUs: number; action: () => void }[] = []
  #armed = false
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An item behind a longer delay waits for it: order matters more than a delay that was changed on the way. */
  push(delayUs: number, action: () => void): void {
    this.#queue.push({ dueUs: this.#clock.nowUs() + delayUs, action })
    if (!this.#armed) this.#arm()
  }

  #arm(): void {
    const [head] = this.#queue
    this.#armed = head !== undefined
    if (head === undefined) return
    const waitMs = Math.max(1, Math.ceil((head.dueUs - this.#clock.nowUs()) / 1000))
    this.#clock.after(waitMs, () => this.#deliver())
  }

  #deliver(): void {
    const nowUs = this.#clock.nowUs()
    const waiting = this.#queue.findIndex(item => item.dueUs > nowUs)
    const due = this.#queue.splice(0, waiting === -1 ? this.#queue.length : waiting)
    for (const item of due) item.action()
    this.#arm()
  }
}
