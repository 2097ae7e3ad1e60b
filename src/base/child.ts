/** A child program that speaks lines: one way in (its standard input), one way out (its standard output). */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Clock } from './clock.ts'
import { giveWay } from './give-way.ts'
import { LineSplitter, toLine } from './ndjson.ts'

export interface ChildEnd {
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** The last lines of its standard error: what it had to say about its end. */
  stderr: string
}

export interface LineChild {
  readonly ended: Promise<ChildEnd>
  send(value: unknown): void
  /** Closes its input, which tells a child that its parent is done; kills it if it has not ended in `graceMs`. */
  stop(graceMs: number): Promise<ChildEnd>
}

const STDERR_KEPT = 4000

/**
 * Starts a program of ours under the running Node; `onLine` gets each line of its standard output. With
 * `givesWay` it runs at a lower priority than we do. `withoutTls`: it checks no certificate, and so is spared reading
 * those that NODE_EXTRA_CA_CERTS names, which takes Node longer than all the rest of its start (measured: 75 of 110 ms).
 */
export function startChild(
  program: string,
  args: string[],
  clock: Clock,
  onLine: (line: string) => void,
  options: { givesWay?: boolean; withoutTls?: boolean } = {},
): LineChild {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A terminal's Ctrl-C goes to its whole process group: a child must not die of it before its parent has closed it.
    detached: true,
    env: options.withoutTls === true ? { ...process.env, NODE_EXTRA_CA_CERTS: undefined } : process.env,
  })
  if (options.givesWay === true && child.pid !== undefined) giveWay(child.pid, clock)
  let stderr = ''
  const lines = new LineSplitter(onLine)
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => lines.push(chunk))
  child.stderr
    .setEncoding('utf8')
    .on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-STDERR_KEPT)))
  child.stdin.on('error', () => undefined)
  const ended = endOf(child, () => stderr)
  return {
    ended,
    send: value => child.stdin.write(toLine(value)),
    async stop(graceMs) {
      child.stdin.end()
      const killer = clock.after(graceMs, () => child.kill('SIGKILL'))
      const end = await ended
      killer.cancel()
      return end
    },
  }
}

function endOf(child: ChildProcess, stderr: () => string): Promise<ChildEnd> {
  return new Promise(resolve => {
    child.once('error', error => resolve({ exitCode: null, signal: null, stderr: error.message }))
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stderr: stderr() }))
  })
}
