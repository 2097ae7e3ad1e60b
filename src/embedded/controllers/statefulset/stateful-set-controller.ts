/** The StatefulSet controller: what wakes it, the pods and revisions that are a set's, and the write of its status. */
import type { Pod } from '../../../kube/types.ts'
import type { StatefulSet, StatefulSetStatus } from '../../workload-types.ts'
import { ApiError } from '../../cluster-api.ts'
import { canonicalJson } from '../canonical-json.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { removeSurplus } from '../history/controller-revisions.ts'
import { keyOf } from '../informer.ts'
import { orphansOf } from '../informers.ts'
import { addOwners, claimed, controllerOf } from '../owners.ts'
import { isReady } from '../pods.ts'
import { isEmptySelector } from '../../selector.ts'
import { ordinalOf, revisionOfPod } from './identity.ts'
import { revisionsOf } from './revisions.ts'
import { completed, written } from './stateful-set-status.ts'
import { syncPods } from './stateful-set-sync.ts'

export function statefulSetController(context: ControllerContext): Controller {
  const { statefulSets, statefulSetsIn, pods } = context.informers
  return {
    reconcile: key => syncStatefulSet(context, key),
    watch: keys => [
      statefulSets.subscribe(({ object }) => keys.add(keyOf(object))),
      pods.subscribe(change => {
        addOwners(keys, 'StatefulSet', statefulSetsIn, change)
        const { object, previous } = change
        if (previous === null || isReady(previous) || !isReady(object)) return
        const owner = controllerOf(object)
        const key = `${object.metadata.namespace ?? ''}/${owner?.name ?? ''}`
        const minReadySeconds = statefulSets.get(key)?.spec.minReadySeconds ?? 0
        if (owner?.kind === 'StatefulSet' && minReadySeconds > 0)
          keys.addAfter(key, (minReadySeconds + 1) * 1000)
      }),
    ],
  }
}

function syncStatefulSet(context: ControllerContext, key: string): number | null {
  const { api, informers } = context
  const set = informers.statefulSets.get(key)
  if (set === null || isEmptySelector(set.spec.selector)) return null
  const { uid = '', namespace = '' } = set.metadata
  const known = claimed(api, 'controllerrevisions', set, [
    ...informers.revisionsOwnedBy(uid),
    ...informers.revisionsOwnedBy(orphansOf(namespace)),
  ])
  const pods = claimPods(context, set)
  const revisions = revisionsOf(api, set, known)
  const status = completed(set, syncPods(context, set, revisions, pods))
  writeStatus(context, set, written(status))
  const live = new Set([
    revisions.current.metadata.name,
    revisions.update.metadata.name,
    ...pods.map(revisionOfPod),
  ])
  removeSurplus(api, known, ({ metadata }) => live.has(metadata.name), set.spec.revisionHistoryLimit ?? 10)
  const { minReadySeconds = 0, replicas = 1 } = set.spec
  return minReadySeconds > 0 && status.availableReplicas !== replicas ? minReadySeconds * 1000 : null
}

/** All that are named as its own, ended ones too: their ordinals are taken. */
function claimPods({ api, informers }: ControllerContext, set: StatefulSet): Pod[] {
  const { uid = '', namespace = '' } = set.metadata
  const candidates = [...informers.podsOwnedBy(uid), ...informers.podsOwnedBy(orphansOf(namespace))]
  const members = candidates.filter(pod => ordinalOf(set, pod) >= 0)
  return claimed(api, 'pods', set, members)
}

function writeStatus({ api }: ControllerContext, set: StatefulSet, status: StatefulSetStatus): void {
  if (canonicalJson(status) === canonicalJson(set.status ?? {})) return
  try {
    api.updateStatus('statefulsets', { ...set, status })
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Conflict') throw error
    const present = api.get<StatefulSet>('statefulsets', set.metadata.namespace ?? '', set.metadata.name)
    if (present !== null) api.updateStatus('statefulsets', { ...present, status })
  }
}
