/** A container runtime for tests: containers that exist only as what the script says they do. */
import type { Clock } from '../../../base/clock.ts'
import type {
  ContainerExit,
  ContainerRuntime,
  ContainerSpec,
  ExecOutcome,
  RunningContainer,
} from '../container-runtime.ts'

export interface Script {
  /** What SIGTERM does; a number = exits that many milliseconds later. */
  onSigterm?: 'ignored' | 'never exits' | number
  /** Answers a command that runs in the container. */
  exec?: (container: ScriptedContainer, argv: readonly string[]) => ExecOutcome | Promise<ExecOutcome>
}

export class ScriptedContainer implements RunningContainer {
  readonly id: string
  readonly spec: ContainerSpec
  readonly startedUs: number
  readonly signals: { signal: 'SIGTERM' | 'SIGKILL'; atMs: number }[] = []
  /** Milliseconds since its start at which commands ran in it. */
  readonly execsMs: number[] = []
  frozen = false
  exit: ContainerExit | null = null
  readonly #clock: Clock
  readonly #script: Script
  readonly #listeners: ((exit: ContainerExit) => void)[] = []

  constructor(id: string, clock: Clock, script: Script, spec: ContainerSpec) {
    this.id = id
    this.spec = spec
    this.startedUs = clock.nowUs()
    this.#clock = clock
    this.#script = script
  }

  get ageMs(): number {
    return (this.#clock.nowUs() - this.startedUs) / 1000
  }

  onExit(action: (exit: ContainerExit) => void): void {
    if (this.exit === null) this.#listeners.push(action)
    else action(this.exit)
  }

  terminate(): 'sent' | 'ignored' | 'gone' {
    if (this.exit !== null) return 'gone'
    const { onSigterm = 0 } = this.#script
    if (onSigterm === 'ignored') return 'ignored'
    this.signals.push({ signal: 'SIGTERM', atMs: this.ageMs })
    if (typeof onSigterm === 'number') this.#clock.after(onSigterm, () => this.exitWith(0))
    return 'sent'
  }

  kill(): void {
    if (this.exit !== null) return
    this.signals.push({ signal: 'SIGKILL', atMs: this.ageMs })
    this.exitWith(137)
  }

  freeze(): void {
    this.frozen = true
  }

  async exec(argv: readonly string[]): Promise<ExecOutcome> {
    this.execsMs.push(this.ageMs)
    return this.#script.exec?.(this, argv) ?? { kind: 'exited', code: 0, output: '' }
  }

  exitWith(code: number): void {
    if (this.exit !== null) return
    const reason = code === 0 ? 'Completed' : 'Error'
    this.exit = {
      code,
      signal: code > 128 ? code - 128 : null,
      reason,
      message: null,
      atUs: this.#clock.nowUs(),
    }
    for (const listener of this.#listeners.splice(0)) listener(this.exit)
  }
}

export class ScriptedRuntime implements ContainerRuntime {
  readonly started: ScriptedContainer[] = []
  readonly #clock: Clock
  readonly #script: Script

  constructor(clock: Clock, script: Script) {
    this.#clock = clock
    this.#script = script
  }

  start(spec: ContainerSpec): RunningContainer {
    const id = `containerd://scripted-${this.started.length}`
    const container = new ScriptedContainer(id, this.#clock, this.#script, spec)
    this.started.push(container)
    return container
  }
}
