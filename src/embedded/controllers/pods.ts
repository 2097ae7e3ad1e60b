/** What controllers ask about a pod (semantics §2): terminal, active, ready, available. */
import type { Condition, Pod } from '../../kube/types.ts'
import { instantUs } from './instant.ts'

export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined
}

/** Terminating pods are outside every count of Deployments and ReplicaSets. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && !isTerminating(pod)
}

export function readyCondition(pod: Pod): Condition | null {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready') ?? null
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True'
}

export function isAvailable(pod: Pod, minReadySeconds: number, nowUs: number): boolean {
  const ready = readyCondition(pod)
  if (ready?.status !== 'True') return false
  if (minReadySeconds === 0) return true
  const sinceUs = instantUs(ready.lastTransitionTime)
  return sinceUs > 0 && sinceUs + minReadySeconds * 1_000_000 < nowUs
}
