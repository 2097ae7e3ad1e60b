/** Where the output of each container instance lies. Kept as long as the cluster, since a reader may come late. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { ContainerLog, PodLogSource } from './feeds.ts'
import type { ContainerSpec } from './kubelet/container-runtime.ts'

interface Instance {
  file: string
  startedUs: number
  over: boolean
}

export class PodLogs implements PodLogSource {
  readonly #directory: string
  readonly #clock: Clock
  /** By pod and container; of a pod's namesakes only the last one counts. */
  readonly #instances = new Map<string, { podUid: string; logs: Instance[] }>()

  constructor(directory: string, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
  }

  open(spec: ContainerSpec): { file: string; onExit: () => void } {
    const folder = join(this.#directory, spec.podUid)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const file = join(folder, `${spec.name}-${spec.restartCount}.log`)
    const log: Instance = { file, startedUs: this.#clock.nowUs(), over: false }
    const key = `${spec.namespace}/${spec.pod}/${spec.name}`
    const known = this.#instances.get(key)
    if (known?.podUid === spec.podUid) known.logs.push(log)
    else this.#instances.set(key, { podUid: spec.podUid, logs: [log] })
    return { file: log.file, onExit: () => void (log.over = true) }
  }

  locate(namespace: string, pod: string, container: string, previous: boolean): ContainerLog | null {
    const log = this.#instances.get(`${namespace}/${pod}/${container}`)?.logs.at(previous ? -2 : -1)
    return log === undefined ? null : { file: log.file, startedUs: log.startedUs, ended: () => log.over }
  }
}
