import type { Clock, Timer } from '../base/clock.ts'

/** A clock that moves only when told to; timers fire in order of their due time, then of their creation. */
export class FakeClock implements Clock {
  #nowUs: number
  #serial = 0
  #timers: { dueUs: number; serial: number; action: () => void }[] = []

  constructor(startUs = 1_700_000_000_000_000) {
    this.#nowUs = startUs
  }

  nowUs(): number {
    return this.#nowUs
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = {
      dueUs: this.#nowUs + Math.max(0, Math.round(delayMs * 1000)),
      serial: this.#serial++,
      action,
    }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter(other => other !== timer)) }
  }

  afterReads(action: () => void): void {
    this.after(0, action)
  }

  /** Moves time forward, firing every timer that comes due on the way, also those armed meanwhile. */
  advance(ms: number): void {
    const endUs = this.#nowUs + Math.round(ms * 1000)
    for (let next = this.#next(endUs); next !== undefined; next = this.#next(endUs)) {
      this.#timers = this.#timers.filter(other => other !== next)
      this.#nowUs = Math.max(this.#nowUs, next.dueUs)
      next.action()
    }
    this.#nowUs = endUs
  }

  /** The process stands still for that long: what falls due meanwhile fires late, when time is moved on. */
  standStill(ms: number): void {
    this.#nowUs += Math.round(ms * 1000)
  }

  /** As `advance`, but lets promise callbacks run after each timer. */
  async advanceAsync(ms: number): Promise<void> {
    const endUs = this.#nowUs + Math.round(ms * 1000)
    await flushMicrotasks()
    for (let next = this.#next(endUs); next !== undefined; next = this.#next(endUs)) {
      this.#timers = this.#timers.filter(other => other !== next)
      this.#nowUs = Math.max(this.#nowUs, next.dueUs)
      next.action()
      await flushMicrotasks()
    }
    this.#nowUs = endUs
  }

  #next(endUs: number): { dueUs: number; serial: number; action: () => void } | undefined {
    return this.#timers
      .filter(timer => timer.dueUs <= endUs)
      .sort((a, b) => a.dueUs - b.dueUs || a.serial - b.serial)[0]
  }
}

async function flushMicrotasks(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
