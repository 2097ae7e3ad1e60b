/** Where the output of each container instance lies. Kept as long as the cluster, since a reader may come late. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Timer } from '../base/clock.ts'
import type { ContainerLog, PodLogSource } from './feeds.ts'
import type { ContainerSpec } from './kubelet/container-runtime.ts'
import { LogTimes } from './log-times.ts'

/** How late the time of a line may be. A look costs some microseconds per running container. */
export const lookPeriodMs = 250

interface Instance {
  file: string
  times: LogTimes
  over: boolean
}

export class PodLogs implements PodLogSource {
  readonly #directory: string
  readonly #clock: Clock
  /** By pod and container; of a pod's namesakes only the last one counts. */
  readonly #instances = new Map<string, { podUid: string; logs: Instance[] }>()
  readonly #running = new Set<LogTimes>()
  #looking: Timer | null = null

  constructor(directory: string, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
  }

  open(spec: ContainerSpec): { file: string; onExit: () => void } {
    const folder = join(this.#directory, spec.podUid)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = join(folder, `${spec.name}-${spec.restartCount}.log`)
    const times = new LogTimes(file)
    const log: Instance = { file, times, over: false }
    const key = `${spec.namespace}/${spec.pod}/${spec.name}`
    const known = this.#instances.get(key)
    if (known?.podUid === spec.podUid) known.logs.push(log)
    else this.#instances.set(key, { podUid: spec.podUid, logs: [log] })
    this.#running.add(times)
    this.#looking ??= this.#lookLater()
    const onExit = (): void => {
      log.over = true
      this.#running.delete(times)
      times.look()
    }
    return { file, onExit }
  }

  locate(namespace: string, pod: string, container: string, previous: boolean): ContainerLog | null {
    const log = this.#instances.get(`${namespace}/${pod}/${container}`)?.logs.at(previous ? -2 : -1)
    return log === undefined ? null : { file: log.file, times: log.times, ended: () => log.over }
  }

  stop(): void {
    this.#running.clear()
    this.#looking?.cancel()
    this.#looking = null
  }

  #lookLater(): Timer {
    return this.#clock.after(lookPeriodMs, () => {
      for (const times of this.#running) times.look()
      this.#looking = this.#running.size > 0 ? this.#lookLater() : null
    })
  }
}
