/** The built driver as its parent sees it: a plan in, lines out, an exit code. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { LineSplitter, toLine } from '../../base/ndjson.ts'
import type { LoadMessage, LoadPlan } from '../../model/load.ts'

const programs = fileURLToPath(new URL('../../../dist/', import.meta.url))

export interface DriverProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly messages: LoadMessage[]
  /** What stderr said. */
  complaint(): string
  send(line: string): void
  /** Resolves when a message satisfies `wanted`, also if it has already come. */
  seen(wanted: (message: LoadMessage) => boolean): Promise<void>
  readonly exited: Promise<number | null>
}

export function spawnDriver(
  plan: LoadPlan | string,
  { program = 'load', env = {} }: { program?: 'load' | 'k6-load'; env?: Record<string, string> } = {},
): DriverProcess {
  const child = spawn(process.execPath, [`${programs}${program}.js`], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const messages: LoadMessage[] = []
  let complaint = ''
  let check = (): void => undefined
  const lines = new LineSplitter(line => {
    messages.push(JSON.parse(line) as LoadMessage)
    check()
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  child.stdin.on('error', () => child.stdin.destroy())
  const exited = new Promise<number | null>(resolve => child.on('close', code => resolve(code)))
  child.stdin.write(typeof plan === 'string' ? `${plan}\n` : toLine(plan))
  return {
    child,
    messages,
    complaint: () => complaint,
    send: line => void child.stdin.write(`${line}\n`),
    seen: wanted =>
      new Promise((resolve, reject) => {
        check = () => {
          if (messages.some(wanted)) resolve()
        }
        check()
        void exited.then(() => reject(new Error(`the driver ended first: ${complaint}`)))
      }),
    exited,
  }
}
