/**
 * A process of its own that outlives this program just long enough to end k6. It acts when its standard input closes
 * without a goodbye (this program was killed), or when k6 has run for longer than the load may last.
 *
 * Lines: first k6's pid, which is its process group too; then perhaps `bye`.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { systemClock } from '../../base/clock.ts'
import { LineSplitter } from '../../base/ndjson.ts'

export const WATCH_ARGUMENT = '--watch'

export interface Watchdog {
  watch(pid: number): void
  dismiss(): void
}

/** `program`: this bundle itself, started as a watchdog. */
export function startWatchdog(program: string, limitMs: number): Watchdog {
  const child = spawn(process.execPath, [program, WATCH_ARGUMENT, String(limitMs)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  child.unref()
  return {
    watch: pid => child.stdin.write(`${pid}\n`),
    dismiss: () => child.stdin.end('bye\n'),
  }
}

/** The watchdog's own side. */
export function runWatchdog(limitMs: number): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
  let watched: { pid: number; started: string } | null = null
  let dismissed = false
  const bite = (): never => {
    // The pid may have been given to a stranger since; its start time tells.
    if (!dismissed && watched !== null && startTime(watched.pid) === watched.started) killGroup(watched.pid)
    process.exit(0)
  }
  const lines = new LineSplitter(line => {
    if (line === 'bye') dismissed = true
    else watched = { pid: Number(line), started: startTime(Number(line)) }
  })
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (text: string) => lines.push(text))
  process.stdin.on('error', bite)
  process.stdin.on('end', bite)
  systemClock.after(limitMs, bite)
}

export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** '' where the system does not tell (there is no /proc), and for a process that is gone. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may contain anything; what is counted comes after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
