/**
 * Pods that no node could take (semantics §3): a relevant change tries them again, but not before their back-off, 1 s
 * doubling to 10 s from the last try; after five minutes they are tried in any case.
 */
import type { Clock } from '../../base/clock.ts'

const firstBackoffMs = 1000
const backoffCapMs = 10_000
const flushMs = 5 * 60 * 1000

export class WaitingPods {
  readonly #clock: Clock
  readonly #tries = new Map<string, { count: number; lastUs: number; isWaiting: boolean }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes a try that failed; returns when to try again at the latest. */
  failed(key: string): number {
    const count = (this.#tries.get(key)?.count ?? 0) + 1
    this.#tries.set(key, { count, lastUs: this.#clock.nowUs(), isWaiting: true })
    return flushMs
  }

  /** True while the pod was tried, nothing relevant has changed since, and it is not time to try it in any case. */
  isWaiting(key: string): boolean {
    const one = this.#tries.get(key)
    return one !== undefined && one.isWaiting && this.#clock.nowUs() - one.lastUs < flushMs * 1000
  }

  /** Every waiting pod, with the rest of its back-off; they wait no longer. */
  release(): { key: string; delayMs: number }[] {
    const released: { key: string; delayMs: number }[] = []
    for (const [key, one] of this.#tries) {
      if (!one.isWaiting) continue
      one.isWaiting = false
      const backoffMs = Math.min(firstBackoffMs * 2 ** (one.count - 1), backoffCapMs)
      released.push({ key, delayMs: backoffMs - (this.#clock.nowUs() - one.lastUs) / 1000 })
    }
    return released
  }

  forget(key: string): void {
    this.#tries.delete(key)
  }
}
