/**
 * The disruption controller (semantics §8.1): keeps each PodDisruptionBudget's status, on which evictions decide. The
 * eviction API writes the same status; the resource version makes a write on old knowledge fail and come back.
 */
import type { Condition, Pod, PodDisruptionBudget } from '../../../kube/types.ts'
import { ApiError } from '../../cluster-api.ts'
import { canonicalJson } from '../canonical-json.ts'
import { findCondition, withCondition, withoutCondition } from '../conditions.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { KeySink } from '../work-queue.ts'
import { keyOf } from '../informer.ts'
import type { Informers } from '../informers.ts'
import { timestamp } from '../instant.ts'
import { controllerOf } from '../owners.ts'
import { matchesSelector } from '../../selector.ts'
import { SyncPostponed } from '../work-queue.ts'
import type { Budget } from './budget.ts'
import { budgetOf, disruptionsAllowed, healthyCount, needsScale, stillDisrupted } from './budget.ts'

const component = 'controllermanager'
type Status = NonNullable<PodDisruptionBudget['status']>

export function disruptionController(context: ControllerContext): Controller {
  const { budgets, pods, replicaSets, deployments, statefulSets } = context.informers
  const budgetsIn = budgets.index(({ metadata }) => [metadata.namespace ?? ''])
  const addAllIn = (keys: KeySink, namespace = ''): void => {
    for (const budget of budgetsIn(namespace)) keys.add(keyOf(budget))
  }
  return {
    reconcile: key => syncBudget(context, key),
    watch: keys => [
      budgets.subscribe(({ object }) => keys.add(keyOf(object))),
      pods.subscribe(({ object, previous }) => {
        for (const budget of budgetsIn(object.metadata.namespace ?? '')) {
          const { selector } = budget.spec
          const selected = matchesSelector(selector, object.metadata.labels)
          if (selected || (previous !== null && matchesSelector(selector, previous.metadata.labels))) {
            keys.add(keyOf(budget))
          }
        }
      }),
      replicaSets.subscribe(({ type, object, previous }) => {
        const resized = object.spec.replicas !== previous?.spec.replicas
        if (type !== 'MODIFIED' || resized) addAllIn(keys, object.metadata.namespace)
      }),
      statefulSets.subscribe(({ type, object, previous }) => {
        const resized = object.spec.replicas !== previous?.spec.replicas
        if (type !== 'MODIFIED' || resized) addAllIn(keys, object.metadata.namespace)
      }),
      deployments.subscribe(({ type, object, previous }) => {
        const resized = object.spec.replicas !== previous?.spec.replicas
        if (type !== 'MODIFIED' || resized) addAllIn(keys, object.metadata.namespace)
      }),
    ],
  }
}

function syncBudget(context: ControllerContext, key: string): number | null {
  const { api, clock, informers } = context
  const budget = informers.budgets.get(key)
  if (budget === null) return null
  const nowUs = clock.nowUs()
  const pods = informers
    .podsIn(budget.metadata.namespace ?? '')
    .filter(pod => matchesSelector(budget.spec.selector, pod.metadata.labels))
  if (pods.length === 0) api.recordEvent(budget, 'Normal', 'NoPods', 'No matching pods found', component)
  const scale = needsScale(budget.spec) ? scaleOf(context, budget, pods) : 0
  if (scale === null) {
    failSafe(context, budget, nowUs)
    throw new SyncPostponed(`found no controller of some pod of ${key}`)
  }
  const disrupted = stillDisrupted(budget.status?.disruptedPods ?? {}, pods, nowUs)
  const healthy = healthyCount(pods, disrupted.pods, nowUs)
  const counts = budgetOf(budget.spec, pods.length, scale)
  writeStatus(context, budget, statusOf(budget, counts, healthy, disrupted.pods, nowUs))
  return disrupted.recheckMs
}

function statusOf(
  { metadata, status }: PodDisruptionBudget,
  counts: Budget,
  currentHealthy: number,
  disruptedPods: Record<string, string>,
  nowUs: number,
): Status {
  const allowed = disruptionsAllowed(counts, currentHealthy)
  const observedGeneration = metadata.generation ?? 0
  return {
    observedGeneration,
    disruptionsAllowed: allowed,
    currentHealthy,
    ...counts,
    ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
    conditions: conditionsWith(
      status?.conditions,
      allowed > 0 ? 'True' : 'False',
      allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
      observedGeneration,
      nowUs,
    ),
  }
}

function conditionsWith(
  conditions: Condition[] | undefined,
  status: Condition['status'],
  reason: string,
  observedGeneration: number,
  nowUs: number,
): Condition[] {
  const type = 'DisruptionAllowed'
  const next = { type, status, reason, message: '', observedGeneration, lastTransitionTime: timestamp(nowUs) }
  const current = findCondition(conditions, type)
  if (current === null || current.observedGeneration === observedGeneration)
    return withCondition(conditions, next)
  const since = current.status === status ? current.lastTransitionTime : undefined
  const replaced = since === undefined ? next : { ...next, lastTransitionTime: since }
  return [...withoutCondition(conditions, type), replaced]
}

/** Old and new ReplicaSets of one Deployment count once, by the Deployment's size. Null when a controller is unknown. */
function scaleOf(
  { api, informers }: ControllerContext,
  budget: PodDisruptionBudget,
  pods: Pod[],
): number | null {
  const sizes = new Map<string, number>()
  for (const pod of pods) {
    const found = controllerSize(informers, pod)
    if (found === null) return null
    if (found === 'unmanaged') {
      const text = `Pod ${pod.metadata.name} has no controller and is not counted in expectedPods`
      api.recordEvent(budget, 'Warning', 'UnmanagedPods', text, component)
    } else sizes.set(found.uid, found.replicas)
  }
  return [...sizes.values()].reduce((total, size) => total + size, 0)
}

function controllerSize(
  informers: Informers,
  pod: Pod,
): { uid: string; replicas: number } | 'unmanaged' | null {
  const owner = controllerOf(pod)
  if (owner === null) return 'unmanaged'
  const namespace = pod.metadata.namespace ?? ''
  if (owner.kind === 'StatefulSet') {
    const set = informers.statefulSets.get(`${namespace}/${owner.name}`)
    return set?.metadata.uid === owner.uid ? { uid: owner.uid, replicas: set.spec.replicas ?? 1 } : null
  }
  const replicaSet = informers.replicaSets.get(`${namespace}/${owner.name}`)
  if (replicaSet?.metadata.uid !== owner.uid) return null
  const above = controllerOf(replicaSet)
  if (above?.kind !== 'Deployment') return { uid: owner.uid, replicas: replicaSet.spec.replicas ?? 1 }
  const deployment = informers.deployments.get(`${namespace}/${above.name}`)
  if (deployment?.metadata.uid !== above.uid) return null
  return { uid: above.uid, replicas: deployment.spec.replicas ?? 1 }
}

/** Whatever is wrong, no pod may be evicted on the strength of it. */
function failSafe(context: ControllerContext, budget: PodDisruptionBudget, nowUs: number): void {
  const zero = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
  const { status } = budget
  writeStatus(context, budget, {
    ...(status ?? zero),
    disruptionsAllowed: 0,
    conditions: conditionsWith(
      status?.conditions,
      'False',
      'SyncFailed',
      budget.metadata.generation ?? 0,
      nowUs,
    ),
  })
}

function writeStatus({ api }: ControllerContext, budget: PodDisruptionBudget, status: Status): void {
  if (canonicalJson(status) === canonicalJson(budget.status ?? {})) return
  try {
    api.updateStatus('poddisruptionbudgets', { ...budget, status })
  } catch (error) {
    // It went away meanwhile.
    if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error
  }
}
