/**
 * How much of the machine's processor is free, whatever runs there. The same load costs one machine twice the processor
 * of another, and the same machine more at some times than at others, so what it can carry is measured.
 */
import os from 'node:os'
import type { Clock } from '../base/clock.ts'

/** Long enough to see more than the start of a few processes, and short enough to see the last load begin. */
const WINDOW_US = 2_500_000

interface Reading {
  atUs: number
  idleMs: number
}

export class ProcessorGauge {
  readonly #clock: Pick<Clock, 'nowUs'>
  readonly #idleMs: () => number
  #readings: Reading[] = []

  /** `idleMs`: of all cores together, since whenever. */
  constructor(clock: Pick<Clock, 'nowUs'>, idleMs = readIdleMs) {
    this.#clock = clock
    this.#idleMs = idleMs
  }

  /** Cores, over the last moments; 0 while it has not been read for long enough. To be called again and again. */
  freeCores(): number {
    const last = { atUs: this.#clock.nowUs(), idleMs: this.#idleMs() }
    this.#readings.push(last)
    while ((this.#readings[1]?.atUs ?? Infinity) <= last.atUs - WINDOW_US) this.#readings.shift()
    const first = this.#readings[0] ?? last
    const passedUs = last.atUs - first.atUs
    return passedUs < WINDOW_US ? 0 : (last.idleMs - first.idleMs) / (passedUs / 1000)
  }
}

function readIdleMs(): number {
  return os.cpus().reduce((sum, { times }) => sum + times.idle, 0)
}
