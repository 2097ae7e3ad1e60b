/**
 * The API is called gently: at most so many requests in any one second, whoever waits longest goes first. A window, not a
 * bucket that fills up: after a pause there is no burst of twice as many.
 */
import type { Clock } from '../base/clock.ts'

const WINDOW_US = 1_000_000

export class RequestGate {
  readonly #clock: Clock
  readonly #perSecond: number
  /** When the latest requests were let through, oldest first; never more than `perSecond`. */
  readonly #passedUs: number[] = []
  readonly #waiting: (() => void)[] = []
  #armed = false

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
  }

  /** Resolves when the request may go. */
  pass(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      this.#admit()
    })
  }

  #admit(): void {
    if (this.#armed) return
    while (this.#waiting.length > 0) {
      const nowUs = this.#clock.nowUs()
      const [oldestUs = -Infinity] = this.#passedUs
      const waitUs = this.#passedUs.length < this.#perSecond ? 0 : oldestUs + WINDOW_US - nowUs
      if (waitUs > 0) return this.#admitAfter(waitUs)
      if (this.#passedUs.length === this.#perSecond) this.#passedUs.shift()
      this.#passedUs.push(nowUs)
      this.#waiting.shift()?.()
    }
  }

  #admitAfter(waitUs: number): void {
    this.#armed = true
    // Timers of Node's may fire a fraction of a millisecond early: asked again then.
    this.#clock.after(Math.ceil(waitUs / 1000), () => {
      this.#armed = false
      this.#admit()
    })
  }
}
