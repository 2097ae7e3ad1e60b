/** The embedded cluster's kube-controller-manager: all controllers on one set of informers. */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { ClusterApi } from '../cluster-api.ts'
import type { Settings } from '../settings.ts'
import type { Controller, ControllerContext } from './controller.ts'
import { runController } from './controller.ts'
import { daemonSetController } from './daemonset/daemon-set-controller.ts'
import { deploymentController } from './deployment/deployment-controller.ts'
import { disruptionController } from './disruption/disruption-controller.ts'
import { endpointSliceController } from './endpointslice/endpoint-slice-controller.ts'
import { garbageCollector } from './garbage/garbage-collector.ts'
import { makeInformers } from './informers.ts'
import { namespaceObjects } from './namespace/namespace-objects.ts'
import { nodeLifecycleController } from './node/node-lifecycle.ts'
import { podCollector } from './node/pod-collection.ts'
import { taintEvictionController } from './node/taint-eviction.ts'
import { replicaSetController } from './replicaset/replica-set-controller.ts'
import { claimProtection, volumeProtection } from '../storage/in-use-protection.ts'
import { volumeBinder } from '../storage/volume-binder.ts'
import { statefulSetController } from './statefulset/stateful-set-controller.ts'

export interface ControllersOptions {
  api: ClusterApi
  clock: Clock
  settings: Settings
  random: Random
}

const makers: readonly ((context: ControllerContext) => Controller)[] = [
  deploymentController,
  replicaSetController,
  statefulSetController,
  daemonSetController,
  endpointSliceController,
  disruptionController,
  garbageCollector,
  namespaceObjects,
  nodeLifecycleController,
  podCollector,
  taintEvictionController,
  volumeBinder,
  claimProtection,
  volumeProtection,
]

export function startControllers({ api, clock, settings, random }: ControllersOptions): { stop(): void } {
  const informers = makeInformers(api)
  const controllers = makers.map(make => make({ api, clock, settings, informers }))
  const stops = [informers.start()]
  // Caches must be whole before the first sync, or a controller would create what is already there.
  const start = clock.after(settings.watchFanOutMs.high + 1, () => {
    for (const controller of controllers) stops.push(runController(controller, { clock, settings, random }))
  })
  return {
    stop() {
      start.cancel()
      stops.reverse().forEach(stop => stop())
    },
  }
}
