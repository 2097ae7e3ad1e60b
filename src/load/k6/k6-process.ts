/** k6 as a child process: its points, as they come, and its end. */
import { spawn } from 'node:child_process'
import type { Clock } from '../../base/clock.ts'
import { LineSplitter } from '../../base/ndjson.ts'
import type { K6Command } from './command.ts'
import { parsePoint, type K6Point } from './points.ts'
import { killGroup, type Watchdog } from './watchdog.ts'

export interface K6End {
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** Its last complaints: what it logged as errors, and what it wrote otherwise. */
  complaints: string
}

export interface K6Process {
  readonly ended: Promise<K6End>
  /** Ends the test; what is in flight is cut off. */
  interrupt(): void
  kill(): void
}

/** How long k6 may take to end a test that was interrupted. */
const INTERRUPT_LIMIT_MS = 10_000
const COMPLAINTS_KEPT = 20

export function startK6(
  { file, args, env }: K6Command,
  clock: Clock,
  watchdog: Watchdog,
  onPoint: (point: K6Point) => void,
): K6Process {
  // A group of its own: the whole of it is ended, whatever k6 has started.
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const { pid } = child
  if (pid !== undefined) watchdog.watch(pid)
  const complaints: string[] = []
  const errors = new LineSplitter(line => {
    const complaint = complaintOf(line)
    if (complaint !== null) complaints.push(complaint)
    if (complaints.length > COMPLAINTS_KEPT) complaints.shift()
  })
  const points = new LineSplitter(line => {
    const point = parsePoint(line)
    if (point !== null) onPoint(point)
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => points.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
  const kill = (): void => {
    if (pid !== undefined) killGroup(pid)
  }
  const ended = new Promise<K6End>(resolve => {
    child.once('error', ({ message }) => resolve({ exitCode: null, signal: null, complaints: message }))
    child.once('close', (exitCode, signal) => {
      watchdog.dismiss()
      resolve({ exitCode, signal, complaints: complaints.join('\n') })
    })
  })
  return {
    ended,
    interrupt() {
      child.kill('SIGINT')
      const killer = clock.after(INTERRUPT_LIMIT_MS, kill)
      void ended.then(() => killer.cancel())
    },
    kill,
  }
}

/** Of k6's log only errors: it warns of each request that fails. A line that is no log entry is kept as it is. */
function complaintOf(line: string): string | null {
  let entry: unknown
  try {
    entry = JSON.parse(line)
  } catch {
    return line
  }
  if (typeof entry !== 'object' || entry === null || !('msg' in entry)) return line
  const level = 'level' in entry ? entry.level : ''
  return level === 'error' || level === 'fatal' ? String(entry.msg) : null
}
