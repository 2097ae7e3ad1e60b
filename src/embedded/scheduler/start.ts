/** The embedded cluster's kube-scheduler, with informers of its own as it is a program of its own. */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { ClusterApi } from '../cluster-api.ts'
import { runController } from '../controllers/controller.ts'
import { makeInformers } from '../controllers/informers.ts'
import type { Settings } from '../settings.ts'
import { schedulerController } from './scheduler.ts'

export interface SchedulerOptions {
  api: ClusterApi
  clock: Clock
  settings: Settings
  random: Random
}

export function startScheduler({ api, clock, settings, random }: SchedulerOptions): { stop(): void } {
  const informers = makeInformers(api, [
    'pods',
    'nodes',
    'replicasets',
    'persistentvolumeclaims',
    'persistentvolumes',
    'storageclasses',
  ])
  const controller = schedulerController({ api, clock, settings, informers }, random)
  const stops = [informers.start()]
  // As in the controllers: nothing is decided on a cache that is not whole.
  const start = clock.after(settings.watchFanOutMs.high + 1, () => {
    stops.push(runController(controller, { clock, settings, random }))
  })
  return {
    stop() {
      start.cancel()
      stops.reverse().forEach(stop => stop())
    },
  }
}
