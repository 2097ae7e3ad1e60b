/** The cluster's side of the reaper: starts it, tells it of process groups, and starts it again when it dies. */
import { spawn, type ChildProcess } from 'node:child_process'
import { programFile } from './program-file.ts'
import { startTime } from './process-groups.ts'

const restartLimit = 3

export interface ReaperLinkParts {
  cluster: string
  directory: string
  /** It cannot be kept alive: the cluster must end rather than leave its pods behind one day. */
  onLost: () => void
}

export class ReaperLink {
  readonly #parts: ReaperLinkParts
  readonly #groups = new Map<number, string>()
  #process: ChildProcess
  #restarts = 0
  #closed = false

  constructor(parts: ReaperLinkParts) {
    this.#parts = parts
    this.#process = this.#start()
  }

  started(pgid: number): void {
    const started = startTime(pgid) ?? ''
    this.#groups.set(pgid, started)
    this.#tell(`+${pgid} ${started}\n`)
  }

  ended(pgid: number): void {
    this.#groups.delete(pgid)
    this.#tell(`-${pgid}\n`)
  }

  /** All is cleaned up: nothing is left to do. Resolves when the reaper has gone. */
  close(): Promise<void> {
    this.#closed = true
    return new Promise(resolve => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) return resolve()
      this.#process.once('exit', () => resolve())
      this.#process.stdin?.end('bye\n')
    })
  }

  #start(): ChildProcess {
    const { cluster, directory } = this.#parts
    const reaper = spawn(process.execPath, [programFile('reaper'), cluster, directory], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    })
    reaper.unref()
    reaper.stdin.on('error', () => undefined)
    reaper.on('error', () => this.#parts.onLost())
    reaper.once('exit', () => this.#onExit())
    for (const [pgid, started] of this.#groups) reaper.stdin.write(`+${pgid} ${started}\n`)
    return reaper
  }

  #onExit(): void {
    if (this.#closed) return
    if (++this.#restarts > restartLimit) this.#parts.onLost()
    else this.#process = this.#start()
  }

  #tell(line: string): void {
    if (!this.#closed) this.#process.stdin?.write(line)
  }
}
