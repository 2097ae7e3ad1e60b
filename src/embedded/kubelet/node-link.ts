/**
 * What ties the programs of a node to the world, and breaks when the node loses power: its timers never fire again, its
 * writes go nowhere, its watches are silent. A chain of awaits that was under way just never goes on, which is what
 * happens to a program whose machine stops.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import type { KubeObject } from '../../kube/types.ts'
import type { ClusterApi, ResourceName, WatchHandler } from '../cluster-api.ts'
import type { ContainerRuntime, ContainerSpec, RunningContainer } from './container-runtime.ts'

export class NodeLink {
  readonly clock: Clock
  readonly api: ClusterApi
  readonly runtime: ContainerRuntime
  readonly #timers = new Set<Timer>()
  readonly #containers = new Set<RunningContainer>()
  #severed = false

  constructor(clock: Clock, api: ClusterApi, runtime: ContainerRuntime) {
    this.clock = this.#severableClock(clock)
    this.api = this.#severableApi(api)
    this.runtime = { start: spec => this.#start(runtime, spec) }
  }

  sever(): void {
    this.#severed = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }

  /** The processes stand still, and the kernel goes on to hold their connections: nobody hears from them. */
  freezeContainers(): void {
    for (const container of this.#containers) container.freeze()
  }

  /** Resolves when all of them are gone. */
  async killContainers(): Promise<void> {
    const gone = [...this.#containers].map(
      container => new Promise<void>(resolve => container.onExit(() => resolve())),
    )
    for (const container of this.#containers) container.kill()
    await Promise.all(gone)
  }

  #start(runtime: ContainerRuntime, spec: ContainerSpec): RunningContainer {
    const container = runtime.start(spec)
    this.#containers.add(container)
    container.onExit(() => this.#containers.delete(container))
    return container
  }

  #severableClock(clock: Clock): Clock {
    return {
      nowUs: () => clock.nowUs(),
      after: (delayMs, action) => {
        if (this.#severed) return { cancel: () => undefined }
        const timer = clock.after(delayMs, () => {
          this.#timers.delete(timer)
          action()
        })
        this.#timers.add(timer)
        return {
          cancel: () => {
            this.#timers.delete(timer)
            timer.cancel()
          },
        }
      },
      afterReads: action =>
        clock.afterReads(() => {
          if (!this.#severed) action()
        }),
    }
  }

  /** Reads are left: nobody acts on them any more. */
  #severableApi(api: ClusterApi): ClusterApi {
    const severed = (): boolean => this.#severed
    return {
      get: (resource, namespace, name) => api.get(resource, namespace, name),
      list: (resource, namespace) => api.list(resource, namespace),
      create: (resource, object) => (severed() ? object : api.create(resource, object)),
      update: (resource, object) => (severed() ? object : api.update(resource, object)),
      updateStatus: (resource, object) => (severed() ? object : api.updateStatus(resource, object)),
      delete: (...given) => (severed() ? null : api.delete(...given)),
      bind: (...given) => (severed() ? undefined : api.bind(...given)),
      recordEvent: (...given) => (severed() ? undefined : api.recordEvent(...given)),
      watch: <T extends KubeObject>(resource: ResourceName, handler: WatchHandler<T>): (() => void) =>
        api.watch<T>(resource, (type, object, previous) => {
          if (!severed()) handler(type, object, previous)
        }),
    }
  }
}
