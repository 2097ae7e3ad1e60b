/**
 * What the kubelet uses of its container runtime. The real one starts processes (process-runtime.ts); a test may script
 * one. A container is one instance: a restart makes a new one.
 */
export interface ContainerSpec {
  podUid: string
  namespace: string
  pod: string
  name: string
  /** 0 for the first instance. */
  restartCount: number
  argv: readonly string[]
  env: Record<string, string>
  /** Working directory of the process. */
  cwd: string
  /** Finds an executable of the image, whether it exists or not. */
  executable: (command: string) => string
}

export interface ContainerExit {
  /** 128 + n after signal n. */
  code: number
  signal: number | null
  /** `Unknown`: it ended with its node, so nobody saw how. */
  reason: 'Completed' | 'Error' | 'StartError' | 'Unknown'
  message: string | null
  atUs: number
}

export type ExecOutcome =
  | { kind: 'exited'; code: number; output: string }
  | { kind: 'timed-out' }
  /** Not an exit code: the runtime could not start it at all, as when the binary is missing (§4.6). */
  | { kind: 'could-not-start'; message: string }

export interface RunningContainer {
  /** As in the pod's status: `containerd://…`. */
  readonly id: string
  readonly startedUs: number
  /** Null while it runs. */
  readonly exit: ContainerExit | null
  /** Calls back at once when it has exited already. */
  onExit(action: (exit: ContainerExit) => void): void
  /** The stop signal, to PID 1 alone; PID 1 without a handler ignores it (§5.2 f). */
  terminate(): 'sent' | 'ignored' | 'gone'
  /** SIGKILL to all of the container's processes. */
  kill(): void
  /** Its node has lost power: all of its processes stand still, their sockets stay, and only `kill` has an effect. */
  freeze(): void
  /** Runs a command in the container; it dies with the container, or when the limit is reached (null = none). */
  exec(argv: readonly string[], limitMs: number | null): Promise<ExecOutcome>
}

export interface ContainerRuntime {
  start(spec: ContainerSpec): RunningContainer
}
