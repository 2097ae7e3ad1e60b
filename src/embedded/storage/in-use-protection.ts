/**
 * A claim that is deleted stays until no pod uses it any more, and a volume until no claim is bound to it
 * (pkg/controller/volume/pvcprotection and pvprotection): both wait behind a finalizer.
 */
import type { KubeObject } from '../../kube/types.ts'
import type { ClusterApi, ResourceName } from '../cluster-api.ts'
import type { Controller, ControllerContext } from '../controllers/controller.ts'
import { removeFinalizer } from '../controllers/finalizers.ts'
import { keyOf } from '../controllers/informer.ts'
import { isTerminal } from '../controllers/pods.ts'
import { claimFinalizer, claimNamesOf, volumeFinalizer } from './storage-types.ts'

export function claimProtection({ api, informers }: ControllerContext): Controller {
  const { pods, podsIn, claims } = informers
  return {
    reconcile(key) {
      const claim = claims.get(key)
      if (claim === null) return null
      const { namespace = '', name } = claim.metadata
      const isUsed = podsIn(namespace).some(
        pod => (pod.spec.nodeName ?? '') !== '' && !isTerminal(pod) && claimNamesOf(pod).includes(name),
      )
      if (!isUsed) release(api, 'persistentvolumeclaims', claim, claimFinalizer)
      return null
    },
    watch: keys => [
      claims.subscribe(({ object }) => {
        if (object.metadata.deletionTimestamp !== undefined) keys.add(keyOf(object))
      }),
      pods.subscribe(({ type, object }) => {
        if (type !== 'DELETED' && !isTerminal(object)) return
        for (const name of claimNamesOf(object)) keys.add(`${object.metadata.namespace ?? ''}/${name}`)
      }),
    ],
  }
}

export function volumeProtection({ api, informers }: ControllerContext): Controller {
  const { volumes } = informers
  return {
    reconcile(key) {
      const volume = volumes.get(key)
      if (volume !== null && volume.status?.phase !== 'Bound')
        release(api, 'persistentvolumes', volume, volumeFinalizer)
      return null
    },
    watch: keys => [
      volumes.subscribe(({ object }) => {
        if (object.metadata.deletionTimestamp !== undefined) keys.add(keyOf(object))
      }),
    ],
  }
}

/** What is not on its way out keeps its finalizer. */
function release(api: ClusterApi, resource: ResourceName, object: KubeObject, finalizer: string): void {
  const { finalizers = [], deletionTimestamp } = object.metadata
  if (deletionTimestamp !== undefined && finalizers.includes(finalizer))
    removeFinalizer(api, resource, object, finalizer)
}
