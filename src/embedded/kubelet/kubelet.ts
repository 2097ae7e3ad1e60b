/**
 * One node's kubelet: takes the pods that are bound to its node from the watch, gives each a worker, and looks at all
 * containers once per relist period (PLEG), which is the only way in which it learns of a start or an exit.
 */
import type { Timer } from '../../base/clock.ts'
import type { Pod } from '../../kube/types.ts'
import { draw } from '../draw.ts'
import type { KubeletParts } from './kubelet-parts.ts'
import { PodWorker } from './pod-worker.ts'
import { RestartBackoff } from './restart-backoff.ts'
import { StatusManager } from './status-manager.ts'

export class Kubelet {
  readonly #parts: KubeletParts
  readonly #statuses: StatusManager
  readonly #backoff: RestartBackoff
  readonly #workers = new Map<string, PodWorker>()
  /** Reactions to one pod's changes happen in the order of the changes. */
  readonly #lastReactionUs = new Map<string, number>()
  #lastRelistUs = 0
  #relistTimer: Timer | null = null
  #stopWatch: (() => void) | null = null

  constructor(parts: KubeletParts) {
    this.#parts = parts
    this.#statuses = new StatusManager({ ...parts, statusPatchMs: parts.settings.statusPatchMs })
    this.#backoff = new RestartBackoff(parts.clock, parts.settings.restartBackoffMs)
  }

  start(): void {
    const { api, clock, random, settings } = this.#parts
    // Each node relists at a phase of its own.
    this.#relistTimer = clock.after(random.between(0, settings.plegPeriodMs), () => this.#relist())
    this.#stopWatch = api.watch<Pod>('pods', (type, pod, previous) => {
      if (pod.spec.nodeName !== this.#parts.node.name) return
      if (type === 'DELETED') this.#react(pod, () => this.#removed(pod))
      else if (this.#concerns(pod, previous)) this.#react(pod, () => this.#changed(pod))
    })
  }

  stop(): void {
    this.#stopWatch?.()
    this.#relistTimer?.cancel()
    for (const worker of this.#workers.values()) worker.stop()
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
