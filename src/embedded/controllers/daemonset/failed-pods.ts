/** How soon a failed daemon pod is replaced: 1 s after the last time, doubling to 15 minutes, per set, generation and node. */
import type { Clock } from '../../../base/clock.ts'
import type { Pod } from '../../../kube/types.ts'
import type { DaemonSet } from '../../workload-types.ts'

const firstMs = 1000
const capMs = 15 * 60 * 1000

export class FailedPods {
  readonly #clock: Clock
  readonly #backoffs = new Map<string, { ms: number; sinceUs: number }>()
  #recheckMs: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** When the first pod that may not go yet may do so; null when there was none since `begin`. */
  get recheckMs(): number | null {
    return this.#recheckMs
  }

  begin(): void {
    this.#recheckMs = null
  }

  /** A pod that succeeded may always go. */
  mayGo({ metadata, status }: DaemonSet, pod: Pod, node: string): boolean {
    if (pod.status?.phase !== 'Failed') return true
    const key = `${metadata.uid ?? ''}/${status?.observedGeneration ?? 0}/${node}`
    const before = this.#backoffs.get(key)
    const nowUs = this.#clock.nowUs()
    const passedMs = before === undefined ? Infinity : (nowUs - before.sinceUs) / 1000
    if (before !== undefined && passedMs < before.ms) {
      this.#recheckMs = Math.min(this.#recheckMs ?? Infinity, before.ms)
      return false
    }
    const isFresh = before === undefined || passedMs > 2 * capMs
    this.#backoffs.set(key, { ms: isFresh ? firstMs : Math.min(before.ms * 2, capMs), sinceUs: nowUs })
    return true
  }
}
