/**
 * One node's kubelet: takes the pods that are bound to its node from the watch, gives each a worker, and looks at all
 * containers once per relist period (PLEG), which is the only way in which it learns of a start or an exit.
 */
import { sleep, type Timer } from '../../base/clock.ts'
import type { Pod } from '../../kube/types.ts'
import { draw } from '../draw.ts'
import { Heartbeat } from './heartbeat.ts'
import type { KubeletParts } from './kubelet-parts.ts'
import { PodWorker } from './pod-worker.ts'
import type { Eviction } from './pod-status.ts'
import { RestartBackoff } from './restart-backoff.ts'
import { StatusManager } from './status-manager.ts'

/** From this priority on a pod is critical: a node that shuts down ends it last (scheduling.SystemCriticalPriority). */
const criticalPriority = 2_000_000_000

const nodeShutdown: Eviction = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
  failsAtOnce: false,
  disruption: true,
}
const refusal = { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' }

export interface ShutdownGrace {
  /** For everything, the critical pods included. */
  totalSeconds: number
  /** What of it is kept for the critical pods. */
  criticalSeconds: number
}

export class Kubelet {
  readonly #parts: KubeletParts
  readonly #statuses: StatusManager
  readonly #backoff: RestartBackoff
  readonly #workers = new Map<string, PodWorker>()
  /** Reactions to one pod's changes happen in the order of the changes. */
  readonly #lastReactionUs = new Map<string, number>()
  readonly #heartbeat: Heartbeat
  #shuttingDown = false
  #lastRelistUs = 0
  #relistTimer: Timer | null = null
  #stopWatch: (() => void) | null = null

  constructor(parts: KubeletParts) {
    this.#parts = parts
    this.#statuses = new StatusManager({ ...parts, statusPatchMs: parts.settings.statusPatchMs })
    this.#backoff = new RestartBackoff(parts.clock, parts.settings.restartBackoffMs)
    const notReady = (): string | null => (this.#shuttingDown ? 'node is shutting down' : null)
    this.#heartbeat = new Heartbeat({ ...parts, node: parts.node.name, notReady })
  }

  start(): void {
    const { api, clock, random, settings } = this.#parts
    // Each node relists at a phase of its own.
    this.#relistTimer = clock.after(random.between(0, settings.plegPeriodMs), () => this.#relist())
    this.#heartbeat.start()
    this.#stopWatch = api.watch<Pod>('pods', (type, pod, previous) => {
      if (pod.spec.nodeName !== this.#parts.node.name) return
      if (type === 'DELETED') this.#react(pod, () => this.#removed(pod))
      else if (this.#concerns(pod, previous)) this.#react(pod, () => this.#changed(pod))
    })
  }

  stop(): void {
    this.#stopWatch?.()
    this.#relistTimer?.cancel()
    this.#heartbeat.stop()
    for (const worker of this.#workers.values()) worker.stop()
  }

  /** Where the pods of this node can be reached. */
  sandboxes(): { address: string; ports: number[] }[] {
    return [...this.#workers.values()].flatMap(({ sandbox }) => (sandbox === null ? [] : [sandbox]))
  }

  /**
   * GracefulNodeShutdown (semantics §9): no pod is taken any more, those that are there end without being deleted, the
   * critical ones last, each group within its time. Resolves when the machine may be switched off.
   */
  async shutDown({ totalSeconds, criticalSeconds }: ShutdownGrace): Promise<void> {
    const { api, node } = this.#parts
    this.#shuttingDown = true
    const object = api.get('nodes', '', node.name)
    if (object !== null)
      api.recordEvent(object, 'Normal', 'NodeShutdown', 'Shutdown manager detected shutdown event', 'kubelet')
    this.#heartbeat.post()
    const isCritical = ({ pod }: PodWorker): boolean => (pod.spec.priority ?? 0) >= criticalPriority
    const workers = [...this.#workers.values()]
    await this.#evictAll(
      workers.filter(worker => !isCritical(worker)),
      Math.max(0, totalSeconds - criticalSeconds),
    )
    await this.#evictAll(workers.filter(isCritical), criticalSeconds)
    await sleep(this.#parts.clock, draw(this.#parts.random, this.#parts.settings.powerOffMs))
  }

  async #evictAll(workers: readonly PodWorker[], seconds: number): Promise<void> {
    if (workers.length === 0) return
    const ends = workers.map(worker =>
      worker.evict(nodeShutdown, Math.min(worker.pod.spec.terminationGracePeriodSeconds ?? 30, seconds)),
    )
    const enough = new AbortController()
    const tooLong = sleep(this.#parts.clock, seconds * 1000, enough.signal)
    await Promise.race([Promise.all(ends), tooLong])
    enough.abort()
  }

  /** What changed is not just what kubelets write. */
  #concerns(pod: Pod, previous: Pod | null): boolean {
    if (previous === null || !this.#workers.has(pod.metadata.uid ?? '')) return true
    const matters = ({ metadata, status }: Pod): string =>
      JSON.stringify([
        metadata.deletionTimestamp,
        metadata.deletionGracePeriodSeconds,
        metadata.labels,
        metadata.annotations,
        pod.spec.readinessGates === undefined ? null : status?.conditions,
      ])
    return matters(pod) !== matters(previous)
  }

  #react(pod: Pod, action: () => void): void {
    const { clock, random, settings } = this.#parts
    const uid = pod.metadata.uid ?? ''
    const dueUs = clock.nowUs() + draw(random, settings.kubeletReactionMs) * 1000
    const inOrderUs = Math.max(dueUs, this.#lastReactionUs.get(uid) ?? 0)
    this.#lastReactionUs.set(uid, inOrderUs)
    clock.after((inOrderUs - clock.nowUs()) / 1000, action)
  }

  #changed(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const known = this.#workers.get(uid)
    const worker = known ?? this.#newWorker(uid, pod)
    worker?.update(pod)
    if (pod.metadata.deletionTimestamp !== undefined)
      worker?.terminate(
        pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30,
      )
    if (known === undefined) worker?.start()
  }

  /** Null for a pod that has ended already. */
  #newWorker(uid: string, pod: Pod): PodWorker | null {
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return null
    if (this.#shuttingDown) return this.#reject(pod)
    const worker = new PodWorker(pod, {
      kubelet: this.#parts,
      statuses: this.#statuses,
      backoff: this.#backoff,
      lastRelistUs: () => this.#lastRelistUs,
      onGone: () => this.#forget(uid),
    })
    this.#workers.set(uid, worker)
    return worker
  }

  #reject(pod: Pod): null {
    const { reason, message } = refusal
    this.#parts.api.recordEvent(pod, 'Warning', reason, message, 'kubelet')
    const status = { phase: 'Failed' as const, reason, message: `Pod was rejected: ${message}` }
    this.#statuses.set(pod, { ...status, ...(pod.status?.qosClass ? { qosClass: pod.status.qosClass } : {}) })
    return null
  }

  #removed(pod: Pod): void {
    this.#workers.get(pod.metadata.uid ?? '')?.remove()
  }

  #forget(uid: string): void {
    this.#workers.delete(uid)
    this.#lastReactionUs.delete(uid)
    this.#statuses.forget(uid)
  }

  #relist(): void {
    const { clock, settings } = this.#parts
    this.#lastRelistUs = clock.nowUs()
    this.#relistTimer = clock.after(settings.plegPeriodMs, () => this.#relist())
    for (const worker of [...this.#workers.values()]) worker.relist()
  }
}
