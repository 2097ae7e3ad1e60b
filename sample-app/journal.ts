/**
 * The ledger and the steps of the app's life, on standard output: the pod's log, which outlives the pod. Each line is
 * written synchronously, so that a line is there even when the process is killed in the next instant.
 *
 *   rollproof arrived <request id> <microseconds since the epoch>
 *   rollproof answered <request id> <µs>
 *   rollproof step <listening|sigterm|listener-closing|listener-closed|draining-cut|exiting> <µs>
 */
import { writeSync } from 'node:fs'

const originMs = wallOriginMs()

export type AppStep =
  'listening' | 'sigterm' | 'listener-closing' | 'listener-closed' | 'draining-cut' | 'exiting'

export function recordStep(step: AppStep): void {
  write(`step ${step}`)
}

/** Before the request is looked at. */
export function recordArrived(requestId: string): void {
  write(`arrived ${requestId}`)
}

/** Before the last byte is handed to the kernel: an answer that a client has was therefore always recorded. */
export function recordAnswered(requestId: string): void {
  write(`answered ${requestId}`)
}

/** Both lines by one call of the kernel, for what is answered in the instant in which it arrives. */
export function recordAnsweredAtOnce(requestId: string): void {
  const atUs = nowUs()
  writeSync(1, line(`arrived ${requestId}`, atUs) + line(`answered ${requestId}`, atUs))
}

function write(entry: string): void {
  writeSync(1, line(entry, nowUs()))
}

function line(entry: string, atUs: number): string {
  return `rollproof ${entry} ${atUs}\n`
}

function nowUs(): number {
  return Math.round((originMs + performance.now()) * 1000)
}

/**
 * Node reads the wall clock and the monotonic one after each other when it starts. A process that loses its core in
 * between is off for the rest of its life (seen: 30 ms), so that is looked at once more.
 */
function wallOriginMs(): number {
  const { timeOrigin } = performance
  let [lowest, highest] = [-Infinity, Infinity]
  for (let reading = 0; reading < 10; reading++) {
    const beforeMs = performance.now()
    const wallMs = Date.now()
    lowest = Math.max(lowest, wallMs - performance.now())
    highest = Math.min(highest, wallMs + 1 - beforeMs)
  }
  return timeOrigin >= lowest && timeOrigin <= highest ? timeOrigin : (lowest + highest) / 2
}
