/**
 * The DaemonSet controller. It creates pods for nodes and leaves the placing to the scheduler; a cordon therefore stops
 * nothing, and drains leave its pods alone.
 */
import type { Node, Pod } from '../../../kube/types.ts'
import type { DaemonSet, DaemonSetStatus } from '../../workload-types.ts'
import { ApiError } from '../../cluster-api.ts'
import { canonicalJson } from '../canonical-json.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { Change } from '../informer.ts'
import { keyOf } from '../informer.ts'
import { orphansOf } from '../informers.ts'
import { addOwners, claimed } from '../owners.ts'
import type { Failed } from '../pod-control.ts'
import { createPods, deletePods } from '../pod-control.ts'
import { isTerminal, isTerminating } from '../pods.ts'
import { Expectations } from '../replicaset/expectations.ts'
import { isEmptySelector, sameLabels } from '../../selector.ts'
import type { History } from './daemon-history.ts'
import { cleanUp, historyOf } from './daemon-history.ts'
import type { DaemonView, Plan } from './daemon-plan.ts'
import { placementPlan, rollingPlan } from './daemon-plan.ts'
import { daemonPod, nodeOf } from './daemon-pods.ts'
import { daemonSetStatus } from './daemon-set-status.ts'
import { FailedPods } from './failed-pods.ts'

const component = 'daemonset-controller'
const burst = 250

interface Parts {
  context: ControllerContext
  expectations: Expectations
  failedPods: FailedPods
}

export function daemonSetController(context: ControllerContext): Controller {
  const { daemonSets, daemonSetsIn, pods, nodes } = context.informers
  const expectations = new Expectations()
  const parts: Parts = { context, expectations, failedPods: new FailedPods(context.clock) }
  return {
    reconcile: key => syncDaemonSet(parts, key),
    watch: keys => [
      daemonSets.subscribe(({ object }) => keys.add(keyOf(object))),
      pods.subscribe(change => {
        expectations.note('DaemonSet', change)
        addOwners(keys, 'DaemonSet', daemonSetsIn, change)
      }),
      nodes.subscribe(change => {
        if (concernsDaemons(change)) for (const set of daemonSets.all()) keys.add(keyOf(set))
      }),
    ],
  }
}

function concernsDaemons({ object, previous }: Change<Node>): boolean {
  return (
    previous === null ||
    !sameLabels(object.metadata.labels, previous.metadata.labels) ||
    canonicalJson(object.spec.taints) !== canonicalJson(previous.spec.taints)
  )
}

function syncDaemonSet({ context, expectations, failedPods }: Parts, key: string): number | null {
  const { api, clock, informers } = context
  const set = informers.daemonSets.get(key)
  if (set === null) expectations.forget(key)
  if (set === null || isEmptySelector(set.spec.selector)) return null
  if (set.metadata.deletionTimestamp !== undefined) return null
  const { uid = '', namespace = '' } = set.metadata
  const revisions = [...informers.revisionsOwnedBy(uid), ...informers.revisionsOwnedBy(orphansOf(namespace))]
  const history = historyOf(api, set, claimed(api, 'controllerrevisions', set, revisions))
  const pods = claimed(api, 'pods', set, [
    ...informers.podsOwnedBy(uid),
    ...informers.podsOwnedBy(orphansOf(namespace)),
  ])
  const view = viewOf(context, set, history, pods)
  if (!expectations.satisfied(key, clock.nowUs())) {
    writeStatus(context, set, daemonSetStatus(view, false))
    return null
  }
  failedPods.begin()
  const failed = act({ context, expectations, failedPods }, view)
  if (failed === null) cleanUp(api, set, history, pods)
  const status = daemonSetStatus(view, true)
  writeStatus(context, set, status)
  if (failed !== null) throw failed.error
  const { minReadySeconds = 0 } = set.spec
  const waits = minReadySeconds > 0 && status.numberReady !== (status.numberAvailable ?? 0)
  return earliest(waits ? minReadySeconds * 1000 : null, failedPods.recheckMs)
}

function earliest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}

/** An ended pod that is being deleted counts no more: its node may have a new one. */
function viewOf(
  { clock, informers }: ControllerContext,
  set: DaemonSet,
  { hash }: History,
  pods: readonly Pod[],
): DaemonView {
  const podsByNode = new Map<string, Pod[]>()
  for (const pod of pods) {
    const node = nodeOf(pod)
    if (node === null || (isTerminal(pod) && isTerminating(pod))) continue
    podsByNode.set(node, [...(podsByNode.get(node) ?? []), pod])
  }
  return { set, hash, nodes: informers.nodes.all(), podsByNode, nowUs: clock.nowUs() }
}

/** The rolling update waits until every node has its pod, and the watch has shown it. */
function act({ context, expectations, failedPods }: Parts, view: DaemonView): Failed | null {
  const { set } = view
  const placement = placementPlan(view, (pod, node) => {
    const goes = failedPods.mayGo(set, pod, node)
    if (goes) recordEnd(context, set, pod, node)
    return goes
  })
  const failed = carryOut(context, expectations, view, placement)
  if (failed !== null || !expectations.satisfied(keyOf(set), view.nowUs)) return failed
  if (set.spec.updateStrategy?.type !== 'RollingUpdate') return null
  return carryOut(context, expectations, view, rollingPlan(view))
}

function recordEnd({ api }: ControllerContext, set: DaemonSet, pod: Pod, node: string): void {
  const where = `${keyOf(pod)} on node ${node}`
  if (pod.status?.phase === 'Failed')
    api.recordEvent(
      set,
      'Warning',
      'FailedDaemonPod',
      `Found failed daemon pod ${where}, will try to kill it`,
      component,
    )
  else
    api.recordEvent(
      set,
      'Normal',
      'SucceededDaemonPod',
      `Found succeeded daemon pod ${where}, will try to delete it`,
      component,
    )
}

function carryOut(
  { api, clock }: ControllerContext,
  expectations: Expectations,
  { set, hash }: DaemonView,
  plan: Plan,
): Failed | null {
  const [create, remove] = [plan.create.slice(0, burst), plan.remove.slice(0, burst)]
  expectations.expect(keyOf(set), create.length, remove, clock.nowUs())
  const control = { api, owner: set, component, expectations }
  const creation = createPods(
    control,
    create.map(node => daemonPod(set, node, hash)),
  )
  return deletePods(control, remove) ?? creation
}

function writeStatus({ api }: ControllerContext, set: DaemonSet, status: DaemonSetStatus): void {
  if (canonicalJson(status) === canonicalJson(set.status ?? {})) return
  try {
    api.updateStatus('daemonsets', { ...set, status })
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'Conflict') throw error
    const present = api.get<DaemonSet>('daemonsets', set.metadata.namespace ?? '', set.metadata.name)
    if (present !== null) api.updateStatus('daemonsets', { ...present, status })
  }
}
