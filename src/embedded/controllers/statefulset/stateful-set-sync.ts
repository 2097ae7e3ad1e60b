/**
 * One sync of a StatefulSet, in Kubernetes's order: every ordinal has its pod; then those beyond the range go, highest
 * first; then, if all that holds, one old pod goes for the update, highest first. OrderedReady stops at the first pod that
 * is not there yet, so a pod that never gets ready is never replaced by a good template either: it must be deleted by
 * hand (the "forced rollback" of the documentation). Parallel goes on, but the update still waits for each pod.
 */
import type { Pod } from '../../../kube/types.ts'
import type { StatefulSet, StatefulSetStatus } from '../../workload-types.ts'
import type { ControllerContext } from '../controller.ts'
import { isAvailable, isTerminal, isTerminating } from '../pods.ts'
import { setClaimOwners } from './claim-retention.ts'
import { firstOrdinal, ordinalOf, podFor, revisionOfPod, withIdentity } from './identity.ts'
import { createClaims, createPod, deletePod, updatePod } from './pod-control.ts'
import type { Revisions } from './revisions.ts'
import { templateFor } from './revisions.ts'
import { isCreated, isRunningAndReady, statusOf } from './stateful-set-status.ts'

interface Sync {
  context: ControllerContext
  set: StatefulSet
  /** One pod after another. */
  ordered: boolean
  available: (pod: Pod) => boolean
}

export function syncPods(
  context: ControllerContext,
  set: StatefulSet,
  revisions: Revisions,
  pods: readonly Pod[],
): Required<StatefulSetStatus> {
  const nowUs = context.clock.nowUs()
  if (set.metadata.deletionTimestamp !== undefined) return statusOf(set, revisions, pods, nowUs)
  const { replicas, condemned } = sorted(set, revisions, pods)
  const sync: Sync = {
    context,
    set,
    ordered: set.spec.podManagementPolicy !== 'Parallel',
    available: pod => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowUs),
  }
  const status = statusOf(set, revisions, [...replicas, ...condemned], nowUs)
  if (fillRange(sync, replicas) || condemn(sync, replicas, condemned)) return status
  if (set.spec.updateStrategy?.type === 'OnDelete') return status
  const replaced = replaceOne(sync, replicas, revisions.update.metadata.name)
  return replaced ? { ...status, currentReplicas: status.currentReplicas - 1 } : status
}

function sorted(
  set: StatefulSet,
  revisions: Revisions,
  pods: readonly Pod[],
): { replicas: Pod[]; condemned: Pod[] } {
  const first = firstOrdinal(set)
  const byOrdinal = new Map(pods.map(pod => [ordinalOf(set, pod), pod]))
  const replicas = Array.from({ length: set.spec.replicas ?? 1 }, (_, at) => {
    const ordinal = first + at
    const { template, revision } = templateFor(set, revisions, ordinal, first)
    return byOrdinal.get(ordinal) ?? podFor(set, template, revision, ordinal)
  })
  const condemned = [...byOrdinal]
    .filter(([ordinal]) => ordinal >= 0 && (ordinal < first || ordinal >= first + replicas.length))
    .sort(([one], [other]) => other - one)
    .map(([, pod]) => pod)
  return { replicas, condemned }
}

/** True when the rest of the sync has to wait; a Parallel set never does. */
function fillRange(sync: Sync, replicas: readonly Pod[]): boolean {
  return replicas.some(pod => ensurePod(sync, pod) && sync.ordered)
}

/** True when an ordered set has to wait for this pod. */
function ensurePod({ context, set, ordered, available }: Sync, pod: Pod): boolean {
  if (isTerminal(pod)) {
    if (!isTerminating(pod)) deletePod(context, set, pod)
    return true
  }
  if (!isCreated(pod)) {
    createPod(context, set, pod)
    if (ordered) return true
  } else if (pod.status?.phase === 'Pending') createClaims(context, set, pod)
  if (ordered && (isTerminating(pod) || !isRunningAndReady(pod) || !available(pod))) return true
  if (isCreated(pod)) keepIdentity(context, set, pod)
  return false
}

function keepIdentity(context: ControllerContext, set: StatefulSet, pod: Pod): void {
  const corrected = withIdentity(set, pod)
  if (corrected !== null) updatePod(context, set, corrected)
  setClaimOwners(context, set, pod, false)
}

/** True when the update has to wait: one pod at a time, and an unhealthy one only when it is the first such. */
function condemn(sync: Sync, replicas: readonly Pod[], condemned: readonly Pod[]): boolean {
  const { context, set, ordered, available } = sync
  const isUnavailable = (pod: Pod): boolean => !available(pod) || isTerminating(pod)
  const firstUnavailable = [...replicas, ...[...condemned].reverse()].find(isUnavailable)
  for (const pod of condemned) setClaimOwners(context, set, pod, true)
  for (const pod of condemned) {
    if (isTerminating(pod)) {
      if (ordered) return true
      continue
    }
    const healthy = isRunningAndReady(pod) && available(pod)
    if (ordered && !healthy && pod !== firstUnavailable) return true
    deletePod(context, set, pod)
    if (ordered) return true
  }
  return false
}

/** Deletes the highest pod of another revision, unless one above it is not available. */
function replaceOne({ context, set, available }: Sync, replicas: readonly Pod[], update: string): boolean {
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0
  for (let target = replicas.length - 1; target >= partition; target--) {
    const pod = replicas[target]
    if (pod === undefined) continue
    if (revisionOfPod(pod) !== update && !isTerminating(pod)) {
      deletePod(context, set, pod)
      return true
    }
    if (!available(pod) || isTerminating(pod)) return false
  }
  return false
}
