/** Whether the process that wrote something down is still the one that runs under its id. */
import { readFileSync } from 'node:fs'

const SIGKILL_BIT = 1n << 8n

/** In ticks since the machine started, as Linux tells it; null elsewhere, and for a process that is gone. */
export function processStart(pid: number): string | null {
  return statOf(pid)?.start ?? null
}

function statOf(pid: number): { state: string; start: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field, a name in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', start: fields[19] ?? '' }
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
  const now = statOf(pid)
  // It has ended, and only its parent has not looked yet.
  if (now?.state === 'Z' || now?.state === 'X') return false
  if (isBeingKilled(pid)) return false
  return start === null || now === null || now.start === start
}

/** SIGKILL was sent, and a busy machine has not come to it: not one more line of the program will run. */
function isBeingKilled(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8')
    const masks = [...text.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)]
    return masks.some(([, mask = '0']) => (BigInt(`0x${mask}`) & SIGKILL_BIT) !== 0n)
  } catch {
    return false
  }
}
