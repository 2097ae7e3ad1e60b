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

/** One reading of the wall clock (whole milliseconds, rounded down) between two of the monotonic one. */
export interface WallReading {
  beforeMs: number
  wallMs: number
  afterMs: number
}

/**
 * The wall time at which the monotonic clock stood at 0. Node reads the one clock after the other when it starts, and a
 * process that loses its core in between is off for the rest of its life (seen: 30 ms, in one start of a hundred on a
 * busy machine). So what Node says is believed only where it agrees with readings of our own.
 */
export function originMs(saidMs: number, readings: readonly WallReading[]): number {
  const lowest = Math.max(...readings.map(({ wallMs, afterMs }) => wallMs - afterMs))
  const highest = Math.min(...readings.map(({ wallMs, beforeMs }) => wallMs + 1 - beforeMs))
  return saidMs >= lowest && saidMs <= highest ? saidMs : (lowest + highest) / 2
}

const READINGS = 10
const systemOriginMs = originMs(
  performance.timeOrigin,
  Array.from({ length: READINGS }, () => ({
    beforeMs: performance.now(),
    wallMs: Date.now(),
    afterMs: performance.now(),
  })),
)

export const systemClock: Clock = {
  nowUs: () => Math.round((systemOriginMs + performance.now()) * 1000),
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
