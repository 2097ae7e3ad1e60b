/**
 * Containers as processes of this machine: each in a process group of its own, its output appended by the kernel straight
 * to a file, so that the log is whole even after SIGKILL. A command that runs inside a container (probe, hook) is a group
 * of its own too, and is killed with its container, as the end of a PID namespace does.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import { present } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import { giveWay } from '../../base/give-way.ts'
import type { CommandEnd, CommandSource, RunningCommand } from '../feeds.ts'
import { killGroup, stopGroup } from '../process-groups.ts'
import { catchesSigterm } from './pid-one.ts'
import type {
  ContainerExit,
  ContainerRuntime,
  ContainerSpec,
  ExecOutcome,
  RunningContainer,
} from './container-runtime.ts'

const execOutputLimit = 10_240

export interface ProcessRuntimeParts {
  clock: Clock
  /** Where the output of this instance goes. */
  openLog: (spec: ContainerSpec) => { file: string; onExit: () => void }
  /** Told of each group that must not outlive the cluster. */
  groups: { started(pgid: number): void; ended(pgid: number): void }
}

export class ProcessRuntime implements ContainerRuntime, CommandSource {
  readonly #parts: ProcessRuntimeParts
  readonly #running = new Set<ProcessContainer>()
  #serial = 0

  constructor(parts: ProcessRuntimeParts) {
    this.#parts = parts
  }

  start(spec: ContainerSpec): RunningContainer {
    // 64 hex digits, as containerd has them; the same run has the same ones.
    const digits = createHash('sha256').update(`${spec.podUid} ${++this.#serial}`).digest('hex')
    const id = `containerd://${digits}`
    const container = new ProcessContainer(id, spec, this.#parts)
    this.#running.add(container)
    container.onExit(() => this.#running.delete(container))
    return container
  }

  run(podUid: string, container: string, argv: readonly string[], withStdin: boolean): RunningCommand | null {
    const found = [...this.#running].findLast(one => one.isOf(podUid, container) && one.exit === null)
    return found?.run(argv, withStdin) ?? null
  }

  /** The end of the cluster. */
  killAll(): void {
    for (const container of this.#running) container.kill()
  }
}

class ProcessContainer implements RunningContainer {
  readonly id: string
  readonly startedUs: number
  exit: ContainerExit | null = null
  readonly #spec: ContainerSpec
  readonly #clock: Clock
  readonly #process: ChildProcess
  readonly #execs = new Set<number>()
  #runs = 0
  readonly #listeners: ((exit: ContainerExit) => void)[] = []

  constructor(id: string, spec: ContainerSpec, parts: ProcessRuntimeParts) {
    this.id = id
    this.#spec = spec
    this.#clock = parts.clock
    const log = parts.openLog(spec)
    const output = openSync(log.file, 'a', 0o600)
    try {
      this.#process = this.#spawn(spec.argv, ['ignore', output, output])
    } finally {
      closeSync(output)
    }
    this.startedUs = parts.clock.nowUs()
    const pgid = this.#process.pid
    if (pgid !== undefined) parts.groups.started(pgid)
    this.onExit(() => {
      if (pgid !== undefined) parts.groups.ended(pgid)
      log.onExit()
    })
    this.#process.once('error', error => this.#ended(startError(spec.argv, error, parts.clock.nowUs())))
    this.#process.once('exit', (code, signal) => this.#ended(exitOf(code, signal, parts.clock.nowUs())))
  }

  onExit(action: (exit: ContainerExit) => void): void {
    if (this.exit === null) this.#listeners.push(action)
    else action(this.exit)
  }

  terminate(): 'sent' | 'ignored' | 'gone' {
    const pid = this.#process.pid
    if (pid === undefined || this.exit !== null) return 'gone'
    if (!catchesSigterm(pid)) return 'ignored'
    return this.#process.kill('SIGTERM') ? 'sent' : 'gone'
  }

  kill(): void {
    const pid = this.#process.pid
    if (pid === undefined || this.exit !== null) return
    for (const exec of this.#execs) killGroup(exec)
    killGroup(pid)
  }

  freeze(): void {
    const pid = this.#process.pid
    if (pid === undefined || this.exit !== null) return
    for (const group of [pid, ...this.#execs]) stopGroup(group)
  }

  exec(argv: readonly string[], limitMs: number | null): Promise<ExecOutcome> {
    if (this.exit !== null)
      return Promise.resolve({ kind: 'could-not-start', message: 'the container is not running' })
    const child = this.#spawn(argv, ['ignore', 'pipe', 'pipe'])
    return this.#outcomeOf(child, argv, limitMs)
  }

  isOf(podUid: string, container: string): boolean {
    return this.#spec.podUid === podUid && this.#spec.name === container
  }

  run(argv: readonly string[], withStdin: boolean): RunningCommand {
    const child = this.#spawn(argv, [withStdin ? 'pipe' : 'ignore', 'pipe', 'pipe'])
    const { pid } = child
    if (pid !== undefined) this.#execs.add(pid)
    // A command that ends without reading its input is no fault.
    child.stdin?.on('error', () => undefined)
    const ended = new Promise<CommandEnd>(resolve => {
      child.once('error', error =>
        resolve({ kind: 'could-not-start', message: this.#execError(argv, error) }),
      )
      child.once('close', (code, signal) => {
        if (pid !== undefined) this.#execs.delete(pid)
        resolve({ kind: 'exited', code: exitCode(code, signal) })
      })
    })
    return {
      stdin: child.stdin,
      stdout: present(child.stdout, 'the output of a command'),
      stderr: present(child.stderr, 'the output of a command'),
      ended,
      kill: () => pid !== undefined && this.#execs.has(pid) && killGroup(pid),
    }
  }

  /** The runtime names an exec by an id of its own. */
  #execError(argv: readonly string[], error: Error): string {
    const id = createHash('sha256').update(`${this.id} ${++this.#runs}`).digest('hex')
    return `failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: exec failed: ${cannotStart(argv, error)}`
  }

  #outcomeOf(child: ChildProcess, argv: readonly string[], limitMs: number | null): Promise<ExecOutcome> {
    const pid = child.pid
    if (pid !== undefined) this.#execs.add(pid)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        if (output.length < execOutputLimit) output += chunk.toString('utf8')
      })
    return new Promise(resolve => {
      let timedOut = false
      const limit =
        limitMs === null
          ? null
          : this.#clock.after(limitMs, () => {
              timedOut = true
              if (pid !== undefined) killGroup(pid)
            })
      const finish = (outcome: ExecOutcome): void => {
        limit?.cancel()
        if (pid !== undefined) this.#execs.delete(pid)
        resolve(outcome)
      }
      child.once('error', error => finish({ kind: 'could-not-start', message: execError(argv, error) }))
      child.once('close', (code, signal) => {
        // Null and null follow an 'error', which has decided already.
        if (timedOut) finish({ kind: 'timed-out' })
        else
          finish({ kind: 'exited', code: exitCode(code, signal), output: output.slice(0, execOutputLimit) })
      })
    })
  }

  #spawn(argv: readonly string[], stdio: ('ignore' | 'pipe' | number)[]): ChildProcess {
    const [command = '', ...args] = argv
    const file = this.#spec.executable(command)
    const child = spawn(file, args, {
      cwd: this.#spec.cwd,
      env: { ...this.#spec.env, PATH: dirname(file) },
      stdio,
      detached: true,
    })
    if (child.pid !== undefined) giveWay(child.pid, this.#clock)
    return child
  }

  #ended(exit: ContainerExit): void {
    if (this.exit !== null) return
    this.exit = exit
    const pid = this.#process.pid
    if (pid !== undefined) killGroup(pid)
    for (const exec of this.#execs) killGroup(exec)
    for (const listener of this.#listeners.splice(0)) listener(exit)
  }
}

function exitOf(code: number | null, signal: NodeJS.Signals | null, atUs: number): ContainerExit {
  const status = exitCode(code, signal)
  return {
    code: status,
    signal: signal === null ? null : constants.signals[signal],
    reason: status === 0 ? 'Completed' : 'Error',
    message: null,
    atUs,
  }
}

function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return signal === null ? (code ?? 0) : 128 + constants.signals[signal]
}

function startError(argv: readonly string[], error: Error, atUs: number): ContainerExit {
  const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: ${cannotStart(argv, error)}`
  return { code: 128, signal: null, reason: 'StartError', message, atUs }
}

function execError(argv: readonly string[], error: Error): string {
  return `rpc error: code = Unknown desc = failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: ${cannotStart(argv, error)}`
}

function cannotStart(argv: readonly string[], error: NodeJS.ErrnoException): string {
  const why = error.code === 'ENOENT' ? 'executable file not found in $PATH' : (error.code ?? 'unknown error')
  return `unable to start container process: exec: "${argv[0] ?? ''}": ${why}: unknown`
}
