/**
 * A watcher's own queue: each item comes out some milliseconds after it went in, never before an earlier one. The delay
 * stands for the fan-out of a real API server, from the commit to the watcher (semantics §12).
 */
import type { Clock, Timer } from '../../base/clock.ts'

export interface DelayedQueue<T> {
  push(item: T, delayMs: number): void
  /** Nothing comes out any more. */
  stop(): void
}

export function createDelayedQueue<T>(clock: Clock, deliver: (item: T) => void): DelayedQueue<T> {
  let waiting: { item: T; dueUs: number }[] = []
  let timer: Timer | null = null
  let lastDueUs = 0
  let stopped = false

  const arm = (): void => {
    const head = waiting[0]
    timer = null
    if (head === undefined || stopped) return
    timer = clock.after(Math.max(0, head.dueUs - clock.nowUs()) / 1000, flush)
  }

  /** A timer may fire a little early by this clock: its own item counts as due. */
  const flush = (): void => {
    const nowUs = Math.max(clock.nowUs(), waiting[0]?.dueUs ?? 0)
    const later = waiting.findIndex(({ dueUs }) => dueUs > nowUs)
    const due = later < 0 ? waiting : waiting.slice(0, later)
    waiting = later < 0 ? [] : waiting.slice(later)
    arm()
    for (const { item } of due) if (!stopped) deliver(item)
  }

  return {
    push(item, delayMs) {
      if (stopped) return
      lastDueUs = Math.max(lastDueUs, clock.nowUs() + Math.round(delayMs * 1000))
      waiting.push({ item, dueUs: lastDueUs })
      if (timer === null) arm()
    },
    stop() {
      stopped = true
      waiting = []
      timer?.cancel()
      timer = null
    },
  }
}
