/**
 * Cleanup is registered before a thing is acquired, runs in reverse order, exactly once, and is bounded in time.
 * Errors are collected, not thrown: one step that fails must not keep the others from running.
 */
import type { Clock } from './clock.ts'
import { sleep } from './clock.ts'

export interface CleanupFailure {
  what: string
  error: unknown
}

export class Cleanup {
  readonly #steps: { what: string; run: () => Promise<void> | void; limitMs: number }[] = []
  #running: Promise<CleanupFailure[]> | null = null
  readonly #clock: Clock
  readonly #stepLimitMs: number

  constructor(clock: Clock, stepLimitMs = 10_000) {
    this.#clock = clock
    this.#stepLimitMs = stepLimitMs
  }

  add(what: string, run: () => Promise<void> | void, limitMs = this.#stepLimitMs): void {
    this.#steps.push({ what, run, limitMs })
  }

  /** Idempotent: a second caller (a signal during a normal end) waits for the first. */
  run(): Promise<CleanupFailure[]> {
    this.#running ??= this.#runSteps()
    return this.#running
  }

  async #runSteps(): Promise<CleanupFailure[]> {
    const failures: CleanupFailure[] = []
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const { what, run, limitMs } = step
      const limit = new AbortController()
      const late = sleep(this.#clock, limitMs, limit.signal).then(() => {
        if (!limit.signal.aborted) throw new Error(`took longer than ${limitMs} ms`)
      })
      try {
        await Promise.race([Promise.resolve().then(run), late])
      } catch (error) {
        failures.push({ what, error })
      } finally {
        limit.abort()
      }
    }
    return failures
  }
}
