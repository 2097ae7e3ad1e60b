/**
 * The containers of one pod, seen twice: as they are, and as the last relist of the PLEG saw them. The kubelet decides
 * and reports by the second view only, which is why an exit goes unnoticed for up to a second (semantics §4.5).
 */
import type { ContainerExit, RunningContainer } from './container-runtime.ts'

export interface ContainerView {
  id: string
  restartCount: number
  startedUs: number
  exit: ContainerExit | null
  /** It ran before its node lost power: what it did is reported, but does not count for the present sandbox. */
  earlierSandbox: boolean
}

interface Instance {
  restartCount: number
  running: RunningContainer
  /** With its last words. */
  exit: ContainerExit | null
}

export class PodContainers {
  readonly #instances = new Map<string, Instance[]>()
  readonly #seen = new Map<string, ContainerView[]>()
  /** Of an earlier sandbox, by container. */
  readonly #earlier = new Map<string, ContainerView>()
  #addressSeen: string | null = null
  /** The sandbox's address, once there is one. */
  address: string | null = null

  /** `lastWords` is asked when it has exited. */
  add(name: string, running: RunningContainer, lastWords: (exit: ContainerExit) => string | null): void {
    const earlier = this.#instances.get(name) ?? []
    const instance: Instance = { restartCount: this.nextRestartCount(name), running, exit: null }
    running.onExit(exit => (instance.exit = { ...exit, message: exit.message ?? lastWords(exit) }))
    this.#instances.set(name, [...earlier, instance])
  }

  /** What the API knows of a container that ran on this node before it lost power. */
  addEarlier(name: string, view: ContainerView): void {
    this.#earlier.set(name, view)
    this.#seen.set(name, [view])
  }

  nextRestartCount(name: string): number {
    const before = this.#instances.get(name)?.at(-1) ?? this.#earlier.get(name)
    return before === undefined ? 0 : before.restartCount + 1
  }

  latest(name: string): RunningContainer | null {
    return this.#instances.get(name)?.at(-1)?.running ?? null
  }

  /** Takes the present as seen; true when it differs from what was seen before. */
  relist(): boolean {
    let changed = this.#addressSeen !== this.address
    this.#addressSeen = this.address
    for (const [name, instances] of this.#instances) {
      const earlier = this.#earlier.get(name)
      const present = [...instances.slice(-2).reverse().map(view), ...(earlier ? [earlier] : [])].slice(0, 2)
      const before = this.#seen.get(name) ?? []
      const same =
        before.length === present.length &&
        present.every((one, index) => one.id === before[index]?.id && one.exit === before[index].exit)
      if (same) continue
      this.#seen.set(name, present)
      changed = true
    }
    return changed
  }

  get addressSeen(): string | null {
    return this.#addressSeen
  }

  /** Newest first, at most two: the state and the last state. */
  seen(name: string): readonly ContainerView[] {
    return this.#seen.get(name) ?? []
  }
}

function view({ restartCount, running, exit }: Instance): ContainerView {
  return {
    id: running.id,
    restartCount,
    startedUs: running.startedUs,
    exit,
    earlierSandbox: false,
  }
}
