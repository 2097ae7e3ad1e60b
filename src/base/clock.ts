/**
 * Time is a parameter. Only this file reads a clock or arms a bare timer; a test holds that.
 *
 * Instants are microseconds since the Unix epoch (a double holds them exactly until the year 2255). Each process takes
 * the wall clock once, when it starts, and goes on by the monotonic clock, so a step of the wall clock during a run
 * cannot reorder what one process saw.
 */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Microseconds since the Unix epoch, monotonic within a process. */
  nowUs(): number
  /** Runs `action` once, `delayMs` (may be fractional, may be 0) from now. */
  after(delayMs: number, action: () => void): Timer
  /** Runs `action` once what the kernel already holds for this process's sockets has been read. */
  afterReads(action: () => void): void
}

export const systemClock: Clock = {
  nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
  // Timers, then reads, then immediates: that is the order of one turn of Node's event loop.
  afterReads: action => void setImmediate(action),
}

/** Resolves after `ms`, or at once when `signal` aborts (it does not reject: the caller asks the signal). */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted === true) return resolve()
    const finish = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = clock.after(ms, finish)
    signal?.addEventListener('abort', finish, { once: true })
  })
}
