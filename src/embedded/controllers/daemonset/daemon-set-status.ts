/** A DaemonSet's status, counted by nodes; of several pods on a node the oldest counts. Pure. */
import type { DaemonSetStatus } from '../../workload-types.ts'
import { isAvailable, isReady } from '../pods.ts'
import { fitOf, isUpdated } from './daemon-pods.ts'
import type { DaemonView } from './daemon-plan.ts'
import { oldestFirst } from './daemon-plan.ts'

export function daemonSetStatus(view: DaemonView, observesGeneration: boolean): DaemonSetStatus {
  const { set, hash, nodes, podsByNode, nowUs } = view
  const wanted = nodes.filter(node => fitOf(set, node).runs)
  const onNode = (name: string) => oldestFirst(podsByNode.get(name) ?? []).slice(0, 1)
  const scheduled = wanted.flatMap(({ metadata }) => onNode(metadata.name))
  const others = nodes.filter(node => !wanted.includes(node))
  const available = scheduled.filter(pod => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowUs)).length
  const { generation = 0 } = set.metadata
  const { observedGeneration: before = 0, collisionCount } = set.status ?? {}
  const observedGeneration = observesGeneration ? generation : before
  return {
    currentNumberScheduled: scheduled.length,
    numberMisscheduled: others.filter(({ metadata }) => onNode(metadata.name).length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: scheduled.filter(isReady).length,
    ...unlessZero({
      observedGeneration,
      updatedNumberScheduled: scheduled.filter(pod => isUpdated(set, pod, hash)).length,
      numberAvailable: available,
      numberUnavailable: wanted.length - available,
    }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  }
}

function unlessZero<T extends Record<string, number>>(counts: T): Partial<T> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as Partial<T>
}
