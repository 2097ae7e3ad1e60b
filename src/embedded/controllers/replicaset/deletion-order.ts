/**
 * Which pods a ReplicaSet deletes first (semantics §2, eight criteria). Ages are compared on a logarithmic scale, so
 * that pods of about the same age are told apart by uid, which is as good as at random.
 */
import type { Pod } from '../../../kube/types.ts'
import { instantUs } from '../instant.ts'
import { isReady, readyCondition } from '../pods.ts'

/** Negative when `one` is deleted before `other`. */
type Comparison = (one: Pod, other: Pod) => number

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 }

export interface Surroundings {
  nowUs: number
  /** Active pods of the same owner's ReplicaSets on a node, old and new together. */
  neighbours: (nodeName: string) => number
}

export function deletionOrder({ nowUs, neighbours }: Surroundings): Comparison {
  const criteria: Comparison[] = [
    lowerFirst(pod => (pod.spec.nodeName === undefined || pod.spec.nodeName === '' ? 0 : 1)),
    lowerFirst(pod => phaseRank[pod.status?.phase ?? 'Pending'] ?? 0),
    lowerFirst(pod => (isReady(pod) ? 1 : 0)),
    lowerFirst(deletionCost),
    lowerFirst(pod => -neighbours(pod.spec.nodeName ?? '')),
    youngerFirst(readySinceUs, nowUs),
    lowerFirst(pod => -mostRestarts(pod, false)),
    lowerFirst(pod => -mostRestarts(pod, true)),
    youngerFirst(pod => instantUs(pod.metadata.creationTimestamp), nowUs),
  ]
  return (one, other) => {
    for (const compare of criteria) {
      const order = compare(one, other)
      if (order !== 0) return order
    }
    return 0
  }
}

function lowerFirst(rank: (pod: Pod) => number): Comparison {
  return (one, other) => rank(one) - rank(other)
}

function youngerFirst(sinceUs: (pod: Pod) => number, nowUs: number): Comparison {
  return (one, other) => {
    const [a, b] = [sinceUs(one), sinceUs(other)]
    if (a === b) return 0
    // An unknown instant counts as the youngest.
    if (a === 0 || b === 0) return a === 0 ? -1 : 1
    return magnitude(nowUs - a) - magnitude(nowUs - b) || byUid(one, other)
  }
}

function magnitude(ageUs: number): number {
  return ageUs <= 0 ? -1 : Math.floor(Math.log2(ageUs * 1000))
}

function byUid(one: Pod, other: Pod): number {
  return (one.metadata.uid ?? '') < (other.metadata.uid ?? '') ? -1 : 1
}

function readySinceUs(pod: Pod): number {
  return isReady(pod) ? instantUs(readyCondition(pod)?.lastTransitionTime) : 0
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost']
  return text !== undefined && /^(0|[+-]?[1-9]\d*)$/.test(text) ? Number(text) : 0
}

function mostRestarts({ spec, status }: Pod, sidecars: boolean): number {
  const statuses = sidecars ? status?.initContainerStatuses : status?.containerStatuses
  const counted = (statuses ?? []).filter(
    ({ name }) =>
      !sidecars ||
      spec.initContainers?.some(container => container.name === name && container.restartPolicy === 'Always'),
  )
  return Math.max(0, ...counted.map(({ restartCount }) => restartCount))
}
