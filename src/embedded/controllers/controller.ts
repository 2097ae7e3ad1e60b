/**
 * The one reconcile loop. A controller is a function from a key to writes, plus watches that map changed objects to
 * keys; everything about queues, delays and retries is here, so that no controller has its own.
 */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { ClusterApi } from '../cluster-api.ts'
import type { Range, Settings } from '../settings.ts'
import type { Informers } from './informers.ts'
import { WorkQueue, type KeySink } from './work-queue.ts'

/** What every controller is made from. */
export interface ControllerContext {
  api: ClusterApi
  clock: Clock
  settings: Settings
  informers: Informers
}

export interface Controller {
  /** Does one sync. A number asks for another one, that many milliseconds later. */
  reconcile(key: string): number | null
  /** Subscribes to informers and turns changes into keys. Returns the stop functions. */
  watch(keys: KeySink): (() => void)[]
  /** 5 ms unless told. */
  firstBackoffMs?: number
  /** From a change's arrival to its sync, where it differs from `settings.controllerHopMs`. */
  hopMs?: Range
}

export interface LoopOptions {
  clock: Clock
  settings: Settings
  random: Random
}

/** Returns the stop function. */
export function runController(controller: Controller, { clock, settings, random }: LoopOptions): () => void {
  const { low, high } = controller.hopMs ?? settings.controllerHopMs
  const queue: WorkQueue = new WorkQueue({
    clock,
    hopMs: () => random.between(low, high),
    sync(key) {
      const againMs = controller.reconcile(key)
      if (againMs !== null) queue.addAfter(key, againMs)
    },
    ...(controller.firstBackoffMs === undefined ? {} : { firstBackoffMs: controller.firstBackoffMs }),
  })
  const stops = controller.watch(queue)
  return () => {
    stops.forEach(stop => stop())
    queue.stop()
  }
}
