/**
 * When a kube-proxy may sync its rules (semantics §7.2). Requests coalesce, and runs never overlap.
 *
 * Up to 1.33 a token bucket: a request with a token runs now, one without runs a minimum period after the end of the last
 * run. From 1.34 on a hard gap: after the end of any run nothing runs for the minimum period. Both run by themselves when
 * nothing has asked for the sync period (§7.1).
 */
import type { Clock, Timer } from '../../base/clock.ts'

export interface ThrottleParts {
  clock: Clock
  kubernetesMinor: number
  minSyncMs: number
  syncPeriodMs: number
  /** Tokens of the bucket; only before 1.34. */
  burst: number
  /** One run; calls `done` when it has ended. */
  run: (done: () => void) => void
}

const firstGapMinor = 34

export class SyncThrottle {
  readonly #parts: ThrottleParts
  readonly #permit: Permit
  #requested = false
  #running = false
  #stopped = false
  #timer: Timer | null = null
  #repair: Timer | null = null

  constructor(parts: ThrottleParts) {
    this.#parts = parts
    this.#permit = parts.kubernetesMinor >= firstGapMinor ? new GapPermit(parts) : new BucketPermit(parts)
  }

  request(): void {
    this.#requested = true
    if (!this.#stopped && !this.#running) this.#tryRun()
  }

  /** For good. */
  stop(): void {
    this.#timer?.cancel()
    this.#repair?.cancel()
    this.#stopped = true
  }

  /** Also while one waits: a token may have come back meanwhile. */
  #tryRun(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#repair?.cancel()
    const waitMs = this.#permit.take()
    if (waitMs > 0) {
      this.#timer = this.#parts.clock.after(waitMs, () => this.#tryRun())
      return
    }
    this.#requested = false
    this.#running = true
    this.#parts.run(() => {
      this.#running = false
      if (this.#stopped) return
      this.#permit.ended()
      const { clock, syncPeriodMs } = this.#parts
      if (this.#requested) this.#tryRun()
      else this.#repair = clock.after(syncPeriodMs, () => this.request())
    })
  }
}

interface Permit {
  /** 0 = run now, else how long to wait before asking again. */
  take(): number
  ended(): void
}

class GapPermit implements Permit {
  readonly #parts: ThrottleParts
  #lastEndUs: number | null = null

  constructor(parts: ThrottleParts) {
    this.#parts = parts
  }

  take(): number {
    return untilGapIsOver(this.#parts, this.#lastEndUs)
  }

  ended(): void {
    this.#lastEndUs = this.#parts.clock.nowUs()
  }
}

class BucketPermit implements Permit {
  readonly #parts: ThrottleParts
  #tokens: number
  #filledUs: number
  #lastEndUs: number | null = null

  constructor(parts: ThrottleParts) {
    this.#parts = parts
    this.#tokens = parts.burst
    this.#filledUs = parts.clock.nowUs()
  }

  take(): number {
    const { clock, burst, minSyncMs } = this.#parts
    const nowUs = clock.nowUs()
    this.#tokens = Math.min(burst, this.#tokens + (nowUs - this.#filledUs) / (minSyncMs * 1000))
    this.#filledUs = nowUs
    if (this.#tokens >= 1) {
      this.#tokens -= 1
      return 0
    }
    const untilTokenMs = (1 - this.#tokens) * minSyncMs
    const untilGapMs = untilGapIsOver(this.#parts, this.#lastEndUs)
    return untilGapMs > 0 ? untilGapMs : Math.max(untilTokenMs, 1)
  }

  ended(): void {
    this.#lastEndUs = this.#parts.clock.nowUs()
  }
}

function untilGapIsOver({ clock, minSyncMs }: ThrottleParts, lastEndUs: number | null): number {
  return lastEndUs === null ? 0 : Math.max(0, minSyncMs - (clock.nowUs() - lastEndUs) / 1000)
}
