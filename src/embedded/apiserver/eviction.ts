/**
 * POST pods/<name>/eviction, step by step as in semantics §8.2: the one deletion that asks the disruption budget first.
 * Two evictions cannot race here, because a request is handled in one turn.
 */
import type { Condition, Pod, PodDisruptionBudget, Status } from '../../kube/types.ts'
import { copyJson } from '../store/json.ts'
import { failure, forbidden, notFound, success, tooManyRequests } from './api-errors.ts'
import type { DeleteRequest } from './deletion.ts'
import { deleteObject } from './deletion.ts'
import { matchesSelector } from '../selector.ts'
import { updateObject } from './object-writes.ts'
import type { RegistryCore } from './registry-core.ts'
import { instantOf } from './registry-core.ts'
import { kindOf } from './resources.ts'

const maxDisruptedPods = 2000

/** Throws the 429 when the budget does not allow it; else the Success Status of the 201. */
export function evictPod(
  core: RegistryCore,
  namespace: string,
  name: string,
  request: DeleteRequest = {},
): Status {
  const pod = core.store.get('pods', namespace, name) as Pod | null
  if (pod === null) throw notFound(kindOf('pods'), name)
  if (!ignoresBudgets(pod)) {
    const budgets = budgetsOf(core, pod)
    if (budgets.length > 1)
      // A Status that Kubernetes writes by hand here, without a reason.
      throw failure(
        500,
        '',
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      )
    const budget = budgets[0]
    if (budget !== undefined && !mayDeleteUnready(pod, budget))
      spend(core, budget, name, request.dryRun ?? false)
  }
  if (request.dryRun !== true) addDisruptionTarget(core, pod)
  deleteObject(core, 'pods', namespace, name, request)
  return success(undefined, 201)
}

function ignoresBudgets(pod: Pod): boolean {
  const { phase } = pod.status ?? {}
  const idle = phase === 'Pending' || phase === 'Succeeded' || phase === 'Failed'
  return idle || pod.metadata.deletionTimestamp !== undefined
}

function budgetsOf(core: RegistryCore, pod: Pod): PodDisruptionBudget[] {
  const labels = pod.metadata.labels ?? {}
  if (Object.keys(labels).length === 0) return []
  const budgets = core.store.list(
    'poddisruptionbudgets',
    pod.metadata.namespace ?? '',
  ) as PodDisruptionBudget[]
  return budgets.filter(budget => matchesSelector(budget.spec.selector, labels))
}

/** A pod that is not ready does not count as healthy, so its going costs no budget. */
function mayDeleteUnready(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  const ready = (pod.status?.conditions ?? []).some(
    ({ type, status: is }) => type === 'Ready' && is === 'True',
  )
  if (ready) return false
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

/** Takes one disruption from the budget, or throws. */
function spend(core: RegistryCore, stored: PodDisruptionBudget, pod: string, dryRun: boolean): void {
  const kind = kindOf('poddisruptionbudgets')
  const budget = copyJson(stored)
  const { name, generation = 0 } = budget.metadata
  const status = (budget.status ??= {
    disruptionsAllowed: 0,
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
  })
  const refusal = "Cannot evict pod as it would violate the pod's disruption budget."
  if ((status.observedGeneration ?? 0) < generation) {
    const message = `The disruption budget ${name} is still being processed by the server.`
    throw tooManyRequests(refusal, 10, [{ reason: 'DisruptionBudget', message }])
  }
  if (status.disruptionsAllowed < 0) throw forbidden(kind, name, 'pdb disruptions allowed is negative')
  if (Object.keys(status.disruptedPods ?? {}).length > maxDisruptedPods)
    throw forbidden(
      kind,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    )
  if (status.disruptionsAllowed === 0) {
    const { desiredHealthy, currentHealthy } = status
    const message = `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
    throw tooManyRequests(refusal, 0, [{ reason: 'DisruptionBudget', message }])
  }
  status.disruptionsAllowed -= 1
  if (status.disruptionsAllowed === 0) setInsufficient(core, status)
  status.disruptedPods = { ...status.disruptedPods, [pod]: instantOf(core) }
  updateObject(core, 'poddisruptionbudgets', budget, 'status', { dryRun })
}

function setInsufficient(core: RegistryCore, status: NonNullable<PodDisruptionBudget['status']>): void {
  const condition: Condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    observedGeneration: status.observedGeneration ?? 0,
  }
  status.conditions = withCondition(status.conditions, condition, instantOf(core))
}

function addDisruptionTarget(core: RegistryCore, stored: Pod): void {
  const pod = copyJson(stored)
  const condition: Condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  }
  const conditions = withCondition(pod.status?.conditions, condition, instantOf(core))
  updateObject(core, 'pods', { ...pod, status: { ...pod.status, conditions } }, 'status')
}

/** The condition's transition time moves only when its status does. */
export function withCondition(conditions: Condition[] = [], condition: Condition, now: string): Condition[] {
  const before = conditions.find(({ type }) => type === condition.type)
  const unchanged = before?.status === condition.status
  const next = { ...condition, lastTransitionTime: unchanged ? (before.lastTransitionTime ?? now) : now }
  return before === undefined ? [...conditions, next] : conditions.map(old => (old === before ? next : old))
}
