import type { Clock } from '../../base/clock.ts'

/**
 * Back-off of container restarts (semantics §4.5): the first restart is immediate, the next ones wait 10 s, 20 s, … to
 * the cap, counted from the previous exit; a container that ran long enough starts afresh.
 */
export class RestartBackoff {
  readonly #clock: Clock
  readonly #limits: { first: number; cap: number; resetAfter: number }
  readonly #entries = new Map<string, { delayMs: number; updatedUs: number }>()

  constructor(clock: Clock, limits: { first: number; cap: number; resetAfter: number }) {
    this.#clock = clock
    this.#limits = limits
  }

  /** How long a restart must still wait; 0 = not at all. */
  remainingMs(key: string, exitedUs: number): number {
    const entry = this.#entries.get(key)
    if (entry === undefined || this.#expired(entry, exitedUs)) return 0
    return Math.max(0, entry.delayMs - (this.#clock.nowUs() - exitedUs) / 1000)
  }

  /** Counts a restart, so that the next one waits longer. */
  advance(key: string, exitedUs: number): void {
    const entry = this.#entries.get(key)
    const delayMs =
      entry === undefined || this.#expired(entry, exitedUs)
        ? this.#limits.first
        : Math.min(entry.delayMs * 2, this.#limits.cap)
    this.#entries.set(key, { delayMs, updatedUs: this.#clock.nowUs() })
  }

  /** The whole wait that is in force. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0
  }

  #expired(entry: { updatedUs: number }, exitedUs: number): boolean {
    return exitedUs - entry.updatedUs > this.#limits.resetAfter * 1000
  }
}
