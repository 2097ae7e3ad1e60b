/**
 * The ReplicaSet controller (semantics §2). Terminating pods are outside its counts, so a pod is replaced as soon as it
 * is marked for deletion, not when it is gone.
 */
import type { Pod, ReplicaSet } from '../../../kube/types.ts'
import { ApiError } from '../../cluster-api.ts'
import { canonicalJson } from '../canonical-json.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { keyOf } from '../informer.ts'
import { orphansOf } from '../informers.ts'
import { addOwners, claimed } from '../owners.ts'
import { isActive } from '../pods.ts'
import { isEmptySelector } from '../../selector.ts'
import { Expectations } from './expectations.ts'
import { managePods } from './manage-pods.ts'
import { nextAvailabilityMs, replicaSetStatus } from './replica-set-status.ts'

export function replicaSetController(context: ControllerContext): Controller {
  const { replicaSets, pods } = context.informers
  const expectations = new Expectations()
  return {
    reconcile: key => syncReplicaSet(context, expectations, key),
    watch: keys => [
      replicaSets.subscribe(({ object }) => keys.add(keyOf(object))),
      pods.subscribe(change => {
        expectations.note('ReplicaSet', change)
        addOwners(keys, 'ReplicaSet', context.informers.replicaSetsIn, change)
      }),
    ],
  }
}

function syncReplicaSet(context: ControllerContext, expectations: Expectations, key: string): number | null {
  const { clock, informers } = context
  const replicaSet = informers.replicaSets.get(key)
  if (replicaSet === null) {
    expectations.forget(key)
    return null
  }
  if (isEmptySelector(replicaSet.spec.selector)) return null
  const nowUs = clock.nowUs()
  const pods = claimPods(context, replicaSet)
  const may = replicaSet.metadata.deletionTimestamp === undefined && expectations.satisfied(key, nowUs)
  const managed = may ? managePods(context, expectations, replicaSet, pods) : null
  writeStatus(context, replicaSet, replicaSetStatus(replicaSet, pods, managed?.failure ?? null, nowUs))
  if (managed !== null) throw managed.error
  return nextAvailabilityMs(replicaSet, pods, nowUs)
}

/** The active pods that are its own, after adoption and release. */
function claimPods({ api, informers }: ControllerContext, replicaSet: ReplicaSet): Pod[] {
  const { uid = '', namespace = '' } = replicaSet.metadata
  const candidates = [...informers.podsOwnedBy(uid), ...informers.podsOwnedBy(orphansOf(namespace))]
  return claimed(api, 'pods', replicaSet, candidates.filter(isActive))
}

/** Written only on change. A conflict is answered once with the present object; a second one fails the sync. */
function writeStatus(
  { api }: ControllerContext,
  replicaSet: ReplicaSet,
  status: NonNullable<ReplicaSet['status']>,
): void {
  if (canonicalJson(status) === canonicalJson(replicaSet.status ?? {})) return
  try {
    api.updateStatus('replicasets', { ...replicaSet, status })
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Conflict') throw error
    const { namespace = '', name } = replicaSet.metadata
    const present = api.get<ReplicaSet>('replicasets', namespace, name)
    if (present !== null) api.updateStatus('replicasets', { ...present, status })
  }
}
