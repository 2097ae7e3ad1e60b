/**
 * A controller's queue, as client-go's rate-limited work queue behaves (semantics §1.3): a key stands in it at most once,
 * is synced a controller's hop after it was added, and comes back with exponential back-off when its sync fails.
 * A plain `add` overtakes a delayed one, which is how a pod change rescues a Service that is backing off (§6).
 * Syncs are synchronous functions, so two of the same key can never overlap.
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { ApiError } from '../cluster-api.ts'

/** Thrown by a sync that cannot go on with what it has seen so far, and wants its back-off. */
export class SyncPostponed extends Error {
  override name = 'SyncPostponed'
}

export interface WorkQueueOptions {
  clock: Clock
  /** Time from the delivery of a change to the write that answers it. */
  hopMs: () => number
  sync: (key: string) => void
  firstBackoffMs?: number
}

const tries = 15

/** What a watch puts its keys into. */
export interface KeySink {
  add(key: string): void
  addAfter(key: string, delayMs: number): void
}

export class WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #queued = new Map<string, Timer>()
  readonly #delayed = new Map<string, { dueUs: number; timer: Timer }>()
  readonly #failures = new Map<string, number>()
  #stopped = false

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  add(key: string): void {
    if (this.#stopped || this.#queued.has(key)) return
    const { clock, hopMs } = this.#options
    this.#queued.set(
      key,
      clock.after(hopMs(), () => this.#run(key)),
    )
  }

  /** Adds the key later. Of several delays of one key the earliest counts, as in client-go's delaying queue. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return
    if (delayMs <= 0) return this.add(key)
    const { clock } = this.#options
    const dueUs = clock.nowUs() + delayMs * 1000
    const waiting = this.#delayed.get(key)
    if (waiting !== undefined && waiting.dueUs <= dueUs) return
    waiting?.timer.cancel()
    const timer = clock.after(delayMs, () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { dueUs, timer })
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#queued.values()) timer.cancel()
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#queued.clear()
    this.#delayed.clear()
  }

  #run(key: string): void {
    this.#queued.delete(key)
    try {
      this.#options.sync(key)
      this.#failures.delete(key)
    } catch (error) {
      // Anything else is a fault of the program and must be seen.
      if (!(error instanceof ApiError) && !(error instanceof SyncPostponed)) throw error
      this.#backOff(key)
    }
  }

  #backOff(key: string): void {
    const failed = this.#failures.get(key) ?? 0
    if (failed >= tries) {
      this.#failures.delete(key)
      return
    }
    this.#failures.set(key, failed + 1)
    this.addAfter(key, (this.#options.firstBackoffMs ?? 5) * 2 ** failed)
  }
}
