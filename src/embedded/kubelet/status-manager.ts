/**
 * The kubelet's own idea of each pod's status, and the one queue by which it reaches the API server: one write at a time
 * per node, always of the newest status (semantics §4.4). Probe workers read this idea, not the API's.
 */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { ContainerStatus, Pod, PodStatus } from '../../kube/types.ts'
import type { ClusterApi } from '../cluster-api.ts'
import { draw } from '../draw.ts'
import type { Range } from '../settings.ts'
import { readyConditions, withTransition } from './pod-status.ts'

export interface StatusManagerParts {
  api: ClusterApi
  clock: Clock
  random: Random
  statusPatchMs: Range
}

interface Entry {
  pod: Pod
  status: PodStatus
}

const ownConditions = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
])

export class StatusManager {
  readonly #parts: StatusManagerParts
  readonly #entries = new Map<string, Entry>()
  readonly #queue: string[] = []
  #writing = false

  constructor(parts: StatusManagerParts) {
    this.#parts = parts
  }

  get(uid: string): PodStatus | null {
    return this.#entries.get(uid)?.status ?? null
  }

  set(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata.uid ?? ''
    const unchanged = JSON.stringify(this.#entries.get(uid)?.status) === JSON.stringify(status)
    this.#entries.set(uid, { pod, status })
    if (!unchanged) this.#enqueue(uid)
  }

  /** Changes one container's readiness, without a sync of the pod: how a probe's result reaches the API at once. */
  setReady(uid: string, container: string, ready: boolean): void {
    const entry = this.#entries.get(uid)
    if (entry === undefined) return
    const change = (status: ContainerStatus): ContainerStatus =>
      status.name === container ? { ...status, ready } : status
    const containerStatuses = (entry.status.containerStatuses ?? []).map(change)
    const initContainerStatuses = (entry.status.initContainerStatuses ?? []).map(change)
    const { phase, conditions: before = [] } = entry.status
    const renewed = readyConditions(entry.pod, phase, initContainerStatuses, containerStatuses)
    const nowUs = this.#parts.clock.nowUs()
    const conditions = before.map(condition => {
      const { observedGeneration } = condition
      const kept = observedGeneration === undefined ? {} : { observedGeneration }
      const next = renewed.find(({ type }) => type === condition.type)
      return withTransition(next === undefined ? condition : { ...kept, ...next }, before, nowUs)
    })
    this.set(entry.pod, {
      ...entry.status,
      containerStatuses,
      ...(entry.status.initContainerStatuses === undefined ? {} : { initContainerStatuses }),
      conditions,
    })
  }

  forget(uid: string): void {
    this.#entries.delete(uid)
  }

  #enqueue(uid: string): void {
    if (!this.#queue.includes(uid)) this.#queue.push(uid)
    this.#writeNext()
  }

  #writeNext(): void {
    if (this.#writing || this.#queue.length === 0) return
    this.#writing = true
    const { clock, random, statusPatchMs } = this.#parts
    clock.after(draw(random, statusPatchMs), () => {
      const uid = this.#queue.shift() ?? ''
      const entry = this.#entries.get(uid)
      if (entry !== undefined) this.#write(entry)
      this.#writing = false
      this.#writeNext()
    })
  }

  #write({ pod, status }: Entry): void {
    const { api } = this.#parts
    const present = api.get<Pod>('pods', pod.metadata.namespace ?? '', pod.metadata.name)
    // Deleted, or another pod of the same name: nothing to report to.
    if (present?.metadata.uid !== pod.metadata.uid || present === null) return
    const own = status.conditions ?? []
    const foreign = (present.status?.conditions ?? []).filter(
      ({ type }) => !ownConditions.has(type) && !own.some(condition => condition.type === type),
    )
    const conditions = [...foreign, ...own]
    api.updateStatus('pods', { ...present, status: { ...status, conditions } })
  }
}
