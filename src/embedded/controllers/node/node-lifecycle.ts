/**
 * The node lifecycle controller (semantics §9). Every five seconds it looks at all nodes: one that was silent for too long
 * gets Ready=Unknown, its pods Ready=False (which takes them out of endpoints), and taints: NoSchedule at once, NoExecute
 * at a limited rate. What the NoExecute taint does to pods is taint eviction's.
 */
import type { Node, Pod } from '../../../kube/types.ts'
import type { Lease } from '../../workload-types.ts'
import { ApiError } from '../../cluster-api.ts'
import { findCondition, withoutCondition } from '../conditions.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { KeySink } from '../work-queue.ts'
import type { Informer } from '../informer.ts'
import { keyOf } from '../informer.ts'
import { timestamp } from '../instant.ts'
import { NodeHealth, silentConditions } from './node-health.ts'
import { notReady, schedulingTaints, swappedTaints, unreachable, withTaints } from './node-taints.ts'
import type { Taint } from './tolerations.ts'
import { Zones, zoneOf } from './zones.ts'

const component = 'node-controller'
const monitor = 'monitor'

interface Parts {
  context: ControllerContext
  health: NodeHealth
  zones: Zones
  leases: Informer<Lease>
  /** Nodes that the controller has told of, by name. */
  known: Map<string, Node>
  keys: KeySink | null
}

export function nodeLifecycleController(context: ControllerContext): Controller {
  const { informers, settings } = context
  const parts: Parts = {
    context,
    health: new NodeHealth(),
    zones: new Zones(settings.nodeTaintsPerSecond),
    leases: informers.leases,
    known: new Map(),
    keys: null,
  }
  return {
    reconcile(key) {
      if (key === monitor) return monitorNodes(parts)
      const bar = key.indexOf('|')
      const [what, name] = [key.slice(0, bar), key.slice(bar + 1)]
      if (what === 'pod') markNewPod(context, name)
      else if (what === 'taint') return taintSilentNode(parts, name)
      else keepSchedulingTaints(context, name)
      return null
    },
    watch(keys) {
      parts.keys = keys
      keys.add(monitor)
      return [
        informers.nodes.subscribe(({ type, object }) => {
          if (type !== 'DELETED' && schedulingTaints(object, 0) !== null)
            keys.add(`node|${object.metadata.name}`)
        }),
        informers.pods.subscribe(({ type, object, previous }) => {
          const isNew = object.spec.nodeName !== previous?.spec.nodeName
          if (type !== 'DELETED' && isNew && object.spec.nodeName !== undefined)
            keys.add(`pod|${keyOf(object)}`)
        }),
      ]
    },
  }
}

function keepSchedulingTaints({ api, clock, informers }: ControllerContext, name: string): void {
  const node = informers.nodes.get(`/${name}`)
  const taints = node === null ? null : schedulingTaints(node, clock.nowUs())
  if (node !== null && taints !== null) api.update('nodes', withTaints(node, taints))
}

function monitorNodes(parts: Parts): number {
  const { context, zones, health } = parts
  const nodes = context.informers.nodes.all()
  noteComings(parts, nodes)
  const seen = nodes.map(node => checkNode(parts, node))
  const turn = zones.judge(seen)
  if (turn === 'stopped') for (const node of seen) swap(context, node, null, [notReady, unreachable])
  if (turn === 'resumed') health.restart(context.clock.nowUs())
  return context.settings.nodeMonitorPeriodMs
}

function noteComings({ context, health, known }: Parts, nodes: readonly Node[]): void {
  const { api } = context
  const tell = (node: Node, reason: string, text: string): void => {
    const { name } = node.metadata
    api.recordEvent(node, 'Normal', reason, `Node ${name} event: ${text}`, component)
  }
  for (const node of nodes) {
    const { name } = node.metadata
    if (!known.has(name)) tell(node, 'RegisteredNode', `Registered Node ${name} in Controller`)
    known.set(name, node)
  }
  const names = new Set(nodes.map(({ metadata }) => metadata.name))
  for (const [name, node] of known) {
    if (names.has(name)) continue
    tell(node, 'RemovingNode', `Removing Node ${name} from Controller`)
    known.delete(name)
    health.forget(name)
  }
}

/** The node as it is afterwards. */
function checkNode(parts: Parts, node: Node): Node {
  const { context, health, leases } = parts
  const { api, clock, settings, informers } = context
  const { name } = node.metadata
  const { until131, since132 } = settings.nodeMonitorGraceMs
  const graceMs = settings.kubernetesMinor >= 32 ? since132 : until131
  const nowUs = clock.nowUs()
  const silent = health.isSilent(node, leases.get(`kube-node-lease/${name}`), nowUs, graceMs)
  const conditions = silent ? silentConditions(node, nowUs) : null
  const next =
    conditions === null
      ? node
      : api.updateStatus('nodes', { ...node, status: { ...node.status, conditions } })
  const ready = findCondition(next.status?.conditions, 'Ready')?.status
  if (ready === 'True') swap(context, next, null, [notReady, unreachable])
  else if (ready !== undefined) markForTaint(parts, next, ready)
  if (findCondition(node.status?.conditions, 'Ready')?.status === 'True' && ready !== 'True') {
    const text = `Node ${name} status is now: NodeNotReady`
    api.recordEvent(node, 'Normal', 'NodeNotReady', text, component)
    for (const pod of informers.podsOn(name)) markPodNotReady(context, pod)
  }
  return next
}

/** One taint becomes the other at once; the first waits for its turn. */
function markForTaint({ context, keys }: Parts, node: Node, ready: 'False' | 'Unknown'): void {
  const [taint, opposite] = ready === 'False' ? [notReady, unreachable] : [unreachable, notReady]
  const has = ({ key, effect }: Taint): boolean =>
    (node.spec.taints ?? []).some(other => other.key === key && other.effect === effect)
  if (has(opposite)) swap(context, node, taint, [opposite])
  else if (!has(taint)) keys?.add(`taint|${node.metadata.name}`)
}

/** A number asks for another try, when the zone's next token is there. */
function taintSilentNode({ context, zones }: Parts, name: string): number | null {
  const node = context.informers.nodes.get(`/${name}`)
  const ready = findCondition(node?.status?.conditions, 'Ready')?.status
  if (node === null || ready === undefined || ready === 'True') return null
  const [taint, opposite] = ready === 'False' ? [notReady, unreachable] : [unreachable, notReady]
  if (swappedTaints(node, taint, [opposite], 0) === null) return null
  const waitMs = zones.waitMs(zoneOf(node), context.clock.nowUs())
  if (waitMs !== 0) return waitMs
  swap(context, node, taint, [opposite])
  return null
}

function swap(
  { api, clock }: ControllerContext,
  node: Node,
  add: Taint | null,
  remove: readonly Taint[],
): void {
  if (swappedTaints(node, add, remove, 0) === null) return
  // On the present object: the monitor has just written its status.
  const present = api.get<Node>('nodes', '', node.metadata.name)
  const taints = present === null ? null : swappedTaints(present, add, remove, clock.nowUs())
  if (present !== null && taints !== null) api.update('nodes', withTaints(present, taints))
}

/** A pod that comes to a node which is silent already. */
function markNewPod(context: ControllerContext, key: string): void {
  const pod = context.informers.pods.get(key)
  const node = pod === null ? null : context.informers.nodes.get(`/${pod.spec.nodeName ?? ''}`)
  const ready = findCondition(node?.status?.conditions, 'Ready')?.status
  if (pod !== null && ready !== undefined && ready !== 'True') markPodNotReady(context, pod)
}

function markPodNotReady({ api, clock }: ControllerContext, cached: Pod): void {
  const { namespace = '', name } = cached.metadata
  const pod = api.get<Pod>('pods', namespace, name)
  const ready = findCondition(pod?.status?.conditions, 'Ready')
  if (pod === null || ready === null || ready.status === 'False') return
  const next = { ...ready, status: 'False' as const, lastTransitionTime: timestamp(clock.nowUs()) }
  const conditions = [...withoutCondition(pod.status?.conditions, 'Ready'), next]
  try {
    api.updateStatus('pods', { ...pod, status: { ...pod.status, conditions } })
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error
    return
  }
  api.recordEvent(pod, 'Warning', 'NodeNotReady', 'Node is not ready', component)
}
