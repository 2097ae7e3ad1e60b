/** Whether the process that wrote something down is still the one that runs under its id. */
import { readFileSync } from 'node:fs'

/** In ticks since the machine started, as Linux tells it; null elsewhere, and for a process that is gone. */
export function processStart(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field, a name in parentheses, may hold anything.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

export function isSameProcess(pid: number, start: string | null): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Another user's process: it is there.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = processStart(pid)
  return start === null || now === null || now === start
}
