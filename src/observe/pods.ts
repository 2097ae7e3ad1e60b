/** The workload's pods, as the API shows them. */
import type { Pod } from '../kube/types.ts'
import type { Transition } from '../model/transition.ts'
import { follow, labelQuery, type WitnessContext } from './witness.ts'

export function observePods(context: WitnessContext): Promise<void> {
  const path = `/api/v1/namespaces/${context.namespace}/pods`
  return follow<Pod>(context, 'pods', path, labelQuery(context.podLabels), (pod, previous, atUs) => {
    for (const transition of podTransitions(pod, previous, atUs)) context.record(transition)
  })
}

/** What changed between two versions of a pod; either may be null (not there yet, gone). */
export function podTransitions(pod: Pod | null, previous: Pod | null, atUs: number): Transition[] {
  if (pod === null)
    return previous === null ? [] : [{ atUs, kind: 'pod-deleted', pod: previous.metadata.name }]
  if (previous === null) return firstSight(pod, atUs)

  const name = pod.metadata.name
  const transitions: Transition[] = []
  if (pod.spec.nodeName !== undefined && previous.spec.nodeName === undefined) {
    transitions.push({ atUs, kind: 'pod-scheduled', pod: name, node: pod.spec.nodeName })
  }
  if (pod.status?.podIP !== undefined && previous.status?.podIP === undefined) {
    transitions.push({ atUs, kind: 'pod-addressed', pod: name, address: pod.status.podIP })
  }
  if (isReady(pod) !== isReady(previous))
    transitions.push({ atUs, kind: 'pod-ready', pod: name, ready: isReady(pod) })
  if (previous.metadata.deletionTimestamp === undefined) transitions.push(...termination(pod, atUs))
  transitions.push(...containerTransitions(pod, previous, atUs))
  return transitions
}

function firstSight(pod: Pod, atUs: number): Transition[] {
  const added: Transition = {
    atUs,
    kind: 'pod-added',
    pod: pod.metadata.name,
    uid: pod.metadata.uid ?? '',
    owner: pod.metadata.ownerReferences?.find(owner => owner.controller === true)?.name ?? null,
    node: pod.spec.nodeName ?? null,
    address: pod.status?.podIP ?? null,
    ready: isReady(pod),
  }
  return [added, ...termination(pod, atUs)]
}

function termination(pod: Pod, atUs: number): Transition[] {
  const { name, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  if (deletionTimestamp === undefined) return []
  return [{ atUs, kind: 'pod-terminating', pod: name, graceMs: (deletionGracePeriodSeconds ?? 0) * 1000 }]
}

function containerTransitions(pod: Pod, previous: Pod, atUs: number): Transition[] {
  const before = new Map((previous.status?.containerStatuses ?? []).map(status => [status.name, status]))
  return (pod.status?.containerStatuses ?? []).flatMap(status => {
    const transitions: Transition[] = []
    const old = before.get(status.name)
    const names = { pod: pod.metadata.name, container: status.name }
    const ended = status.state?.terminated
    if (ended !== undefined && old?.state?.terminated === undefined) {
      const { exitCode, reason = '' } = ended
      transitions.push({ atUs, kind: 'container-terminated', ...names, exitCode, reason })
    }
    if (status.restartCount > (old?.restartCount ?? 0)) {
      transitions.push({ atUs, kind: 'pod-restarted', ...names, restartCount: status.restartCount })
    }
    return transitions
  })
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
