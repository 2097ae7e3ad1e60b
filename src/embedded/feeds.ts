/** What the API server publishes beside Kubernetes's own objects; kubelet and proxy provide it. */
import type { Readable, Writable } from 'node:stream'
import type { ContainerStepLine, RelayLine } from '../model/embedded-cluster.ts'
import type { ForwardingTable } from '../model/forwarding.ts'
import type { LogTimes } from './log-times.ts'

export interface ForwardingFeed {
  /** Sends the table in force at once (one per node when `node` is null), then each new one. Returns the stop function. */
  subscribe(node: string | null, onTable: (table: ForwardingTable) => void): () => void
}

export interface RelayFeed {
  list(): RelayLine[]
}

export interface ContainerFeed {
  /** Replays every step since the start, then sends each new one. Returns the stop function. */
  subscribe(onStep: (step: ContainerStepLine) => void): () => void
}

export interface ContainerLog {
  /** Holds the container's standard output and error, appended as they come. */
  file: string
  times: LogTimes
  /** True once the process is gone, so that nothing will be appended. */
  ended(): boolean
}

export interface PodLogSource {
  /** Null when there is no such container instance (not started, or `previous` without a restart). */
  locate(namespace: string, pod: string, container: string, previous: boolean): ContainerLog | null
}

/** Switches machines off and on; each throws ApiError when the node is unknown or not in the state for it. */
export interface NodePower {
  /** Resolves when nobody can reach the node any more. */
  crash(node: string): Promise<void>
  /** Returns when it has begun. */
  shutDown(node: string, grace: { totalSeconds: number; criticalSeconds: number }): void
  restart(node: string): Promise<void>
}

/** A command that runs in a container, with its streams. */
export interface RunningCommand {
  /** Null when the command was started without one. */
  stdin: Writable | null
  stdout: Readable
  stderr: Readable
  /** Resolves when the command is gone and its output has been read. */
  ended: Promise<CommandEnd>
  kill(): void
}

export type CommandEnd = { kind: 'exited'; code: number } | { kind: 'could-not-start'; message: string }

export interface CommandSource {
  /** Null when that container does not run. */
  run(podUid: string, container: string, argv: readonly string[], withStdin: boolean): RunningCommand | null
}
