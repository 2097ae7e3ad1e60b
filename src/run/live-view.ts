/**
 * What the harness itself knows at this moment, folded from the transitions as they are recorded: it steers the phases
 * (has the rollout finished? is the last old pod gone?) and decides nothing about the verdict.
 */
import type { Clock } from '../base/clock.ts'
import type { Transition, Witness } from '../model/transition.ts'

interface PodState {
  node: string | null
  ready: boolean
  terminating: boolean
}
interface WorkloadState {
  complete: boolean
  available: number
  desired: number
  generation: number
}

export class LiveView {
  readonly pods = new Map<string, PodState>()
  readonly workloads = new Map<string, WorkloadState>()
  readonly synced = new Set<Witness>()
  readonly gone: string[] = []
  /** The pods that the vantage node's forwarding table leads to; null where no witness tells. */
  forwarded: ReadonlySet<string> | null = null
  readonly #clock: Clock
  readonly #vantage: string
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock, vantage: string) {
    this.#clock = clock
    this.#vantage = vantage
  }

  accept(transition: Transition): void {
    this.#fold(transition)
    for (const check of [...this.#waiting]) check()
  }

  /** True as soon as the condition holds; false when the limit passes or `signal` aborts first. */
  until(condition: (view: this) => boolean, limitMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise(resolve => {
      const finish = (held: boolean): void => {
        this.#waiting.delete(check)
        timer.cancel()
        signal.removeEventListener('abort', giveUp)
        resolve(held)
      }
      const check = (): void => {
        if (condition(this)) finish(true)
      }
      const giveUp = (): void => finish(false)
      const timer = this.#clock.after(limitMs, giveUp)
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.add(check)
      if (signal.aborted) giveUp()
      else check()
    })
  }

  #fold(transition: Transition): void {
    switch (transition.kind) {
      case 'pod-added': {
        const { pod, node, ready } = transition
        this.pods.set(pod, { node, ready, terminating: false })
        break
      }
      case 'pod-scheduled':
        this.#change(transition.pod, { node: transition.node })
        break
      case 'pod-ready':
        this.#change(transition.pod, { ready: transition.ready })
        break
      case 'pod-terminating':
        this.#change(transition.pod, { terminating: true })
        break
      case 'pod-deleted':
        this.pods.delete(transition.pod)
        this.gone.push(transition.pod)
        break
      case 'workload-changed':
        this.workloads.set(transition.workload, workloadState(transition))
        break
      case 'forwarding-changed':
        if (transition.node === this.#vantage) {
          this.forwarded = new Set(transition.endpoints.map(({ pod }) => pod))
        }
        break
      case 'watch-synced':
        this.synced.add(transition.witness)
        break
      default:
      // The other witnesses steer nothing.
    }
  }

  #change(pod: string, change: Partial<PodState>): void {
    const state = this.pods.get(pod)
    if (state !== undefined) Object.assign(state, change)
  }
}

/** `complete` as `kubectl rollout status` defines it (semantics §1.8). */
function workloadState(seen: Extract<Transition, { kind: 'workload-changed' }>): WorkloadState {
  const { generation, observedGeneration, updated, replicas, available, desired } = seen
  const complete =
    observedGeneration >= generation && updated >= desired && replicas <= updated && available >= updated
  return { complete, available, desired, generation: observedGeneration }
}
