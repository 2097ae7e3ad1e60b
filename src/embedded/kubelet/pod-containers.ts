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
}

interface Instance {
  name: string
  restartCount: number
  running: RunningContainer
}

export class PodContainers {
  readonly #instances = new Map<string, Instance[]>()
  readonly #seen = new Map<string, ContainerView[]>()
  #addressSeen: string | null = null
  /** The sandbox's address, once there is one. */
  address: string | null = null

  add(name: string, running: RunningContainer): void {
    const earlier = this.#instances.get(name) ?? []
    this.#instances.set(name, [...earlier, { name, restartCount: earlier.length, running }])
  }

  nextRestartCount(name: string): number {
    return this.#instances.get(name)?.length ?? 0
  }

  latest(name: string): RunningContainer | null {
    return this.#instances.get(name)?.at(-1)?.running ?? null
  }

  /** Takes the present as seen; true when it differs from what was seen before. */
  relist(): boolean {
    let changed = this.#addressSeen !== this.address
    this.#addressSeen = this.address
    for (const [name, instances] of this.#instances) {
      const present = instances.slice(-2).reverse().map(view)
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

function view({ restartCount, running }: Instance): ContainerView {
  return { id: running.id, restartCount, startedUs: running.startedUs, exit: running.exit }
}
