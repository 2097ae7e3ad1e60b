/** Processes as /proc tells them (Linux only). Each may be gone by the time it is read, and is then as if it had nothing. */
import { readdirSync, readFileSync } from 'node:fs'

/** What a file below /proc/<pid> holds; empty where the process is gone. */
export function processFile(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

export function childrenOf(pid: number): number[] {
  return processFile(pid, `task/${pid}/children`)
    .split(' ')
    .filter(child => child.trim() !== '')
    .map(Number)
}

/** Processes that carry this text in their environment, as every child of a command given it does. */
export function processesWith(marker: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => Number.isInteger(pid) && pid !== process.pid)
    .filter(pid => processFile(pid, 'environ').includes(marker))
}
