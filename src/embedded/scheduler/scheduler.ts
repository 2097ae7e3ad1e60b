/**
 * The scheduler (semantics §3) as a controller over pods without a node. One pod is decided at a time, and a decision
 * counts at once (as an assumed pod), before the watch shows the binding; so each pod sees where the former went.
 */
import type { Random } from '../../base/random.ts'
import type { Condition, LabelSelector, Node, Pod } from '../../kube/types.ts'
import { ApiError } from '../cluster-api.ts'
import { canonicalJson } from '../controllers/canonical-json.ts'
import { findCondition, withCondition, withoutCondition } from '../controllers/conditions.ts'
import type { Controller, ControllerContext } from '../controllers/controller.ts'
import type { KeySink } from '../controllers/work-queue.ts'
import type { Change } from '../controllers/informer.ts'
import { keyOf } from '../controllers/informer.ts'
import { timestamp } from '../controllers/instant.ts'
import { controllerOf } from '../controllers/owners.ts'
import { isTerminal, isTerminating } from '../controllers/pods.ts'
import { sameLabels } from '../selector.ts'
import { chooseNode } from './choose-node.ts'
import { claimsOf, selectNode } from './pod-claims.ts'
import { takeSnapshot } from './snapshot.ts'
import { refusedMessage } from './unfit-message.ts'
import { WaitingPods } from './waiting-pods.ts'

const component = 'default-scheduler'

export function schedulerController(context: ControllerContext, random: Random): Controller {
  const { api, clock, informers, settings } = context
  const { pods, nodes, claims } = informers
  const podsOn = pods.index(({ spec }) => ((spec.nodeName ?? '') === '' ? [] : [spec.nodeName ?? '']))
  /** Decided; `awaits` says that a volume is still to be made before the pod is bound. */
  const assumed = new Map<string, { pod: Pod; node: string; awaits: boolean }>()
  const waiting = new WaitingPods(clock)
  const allPodsOn = (node: string): Pod[] => [
    ...podsOn(node),
    ...[...assumed.values()].filter(one => one.node === node).map(one => one.pod),
  ]
  const settle = (pod: Pod, key: string, node: string): boolean => {
    if (!bind(context, pod, node)) return false
    waiting.forget(key)
    api.recordEvent(pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${node}`, component)
    return true
  }
  const giveUp = (pod: Pod, key: string, message: string): number => {
    reportUnschedulable(context, pod, message)
    return waiting.failed(key)
  }
  return {
    reconcile(key) {
      const pod = pods.get(key)
      if (pod === null || !needsNode(pod) || waiting.isWaiting(key)) return null
      const decided = assumed.get(key)
      if (decided?.awaits === false) return null
      const volumes = claimsOf(context, pod)
      if (volumes.kind === 'refused') {
        assumed.delete(key)
        const why = refusedMessage(pod, volumes.why, nodes.all().length, settings.kubernetesMinor)
        return giveUp(pod, key, why)
      }
      if (decided !== undefined) {
        if (volumes.unbound.length === 0) decided.awaits = !settle(pod, key, decided.node)
        return null
      }
      const choice = chooseNode(
        pod,
        takeSnapshot(nodes.all(), allPodsOn),
        selectorOf(context, pod),
        volumes,
        random,
        settings.kubernetesMinor,
      )
      if (choice.kind === 'none') return giveUp(pod, key, choice.message)
      if (volumes.unbound.length > 0) {
        selectNode(context, volumes.unbound, choice.name)
        assumed.set(key, { pod, node: choice.name, awaits: true })
      } else if (settle(pod, key, choice.name)) assumed.set(key, { pod, node: choice.name, awaits: false })
      return null
    },
    watch: keys => [
      pods.subscribe(change => {
        const key = keyOf(change.object)
        if (change.type === 'DELETED' || !needsNode(change.object)) {
          assumed.delete(key)
          waiting.forget(key)
        } else keys.add(key)
        if (freesOrJoins(change)) releaseAll(waiting, keys)
      }),
      nodes.subscribe(change => {
        if (changesNode(change)) releaseAll(waiting, keys)
      }),
      claims.subscribe(() => {
        for (const [key, { awaits }] of assumed) if (awaits) keys.add(key)
        releaseAll(waiting, keys)
      }),
    ],
  }
}

function needsNode(pod: Pod): boolean {
  const { nodeName = '', schedulerName = component } = pod.spec
  return nodeName === '' && schedulerName === component && !isTerminating(pod) && !isTerminal(pod)
}

function selectorOf({ informers }: ControllerContext, pod: Pod): LabelSelector | undefined {
  const owner = controllerOf(pod)
  if (owner?.kind !== 'ReplicaSet') return undefined
  return informers.replicaSets.get(`${pod.metadata.namespace ?? ''}/${owner.name}`)?.spec.selector
}

/** False when the pod went away or was bound meanwhile, so that there is nothing left to do. */
function bind({ api }: ControllerContext, { metadata }: Pod, node: string): boolean {
  try {
    api.bind(metadata.namespace ?? '', metadata.name, node)
    return true
  } catch (error) {
    if (error instanceof ApiError && (error.reason === 'NotFound' || error.reason === 'Conflict'))
      return false
    throw error
  }
}

function reportUnschedulable({ api, clock }: ControllerContext, pod: Pod, message: string): void {
  api.recordEvent(pod, 'Warning', 'FailedScheduling', message, component)
  const next: Condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: timestamp(clock.nowUs()),
  }
  const before = pod.status?.conditions
  const current = findCondition(before, 'PodScheduled')
  if (current?.status === 'False' && current.reason === next.reason && current.message === message) return
  const since = current?.status === 'False' ? current.lastTransitionTime : undefined
  const conditions =
    current?.reason === next.reason
      ? [
          ...withoutCondition(before, 'PodScheduled'),
          since === undefined ? next : { ...next, lastTransitionTime: since },
        ]
      : withCondition(before, next)
  try {
    api.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } })
  } catch (error) {
    // Another write came first, or the pod went away: the next try tells again.
    if (!(error instanceof ApiError)) throw error
  }
}

function releaseAll(waiting: WaitingPods, keys: KeySink): void {
  for (const { key, delayMs } of waiting.release()) keys.addAfter(key, delayMs)
}

/** A pod left a node, came to one, or changed its labels there: resources or affinities may fit now. */
function freesOrJoins({ type, object, previous }: Change<Pod>): boolean {
  const assigned = (object.spec.nodeName ?? '') !== ''
  if (!assigned) return false
  if (type === 'DELETED' || previous === null || (previous.spec.nodeName ?? '') === '') return true
  return (
    isTerminal(object) !== isTerminal(previous) ||
    !sameLabels(object.metadata.labels, previous.metadata.labels)
  )
}

function changesNode({ type, object, previous }: Change<Node>): boolean {
  if (type === 'DELETED') return false
  if (previous === null) return true
  return (
    !sameLabels(object.metadata.labels, previous.metadata.labels) ||
    !sameLabels(object.status?.allocatable, previous.status?.allocatable) ||
    canonicalJson(object.spec) !== canonicalJson(previous.spec)
  )
}
