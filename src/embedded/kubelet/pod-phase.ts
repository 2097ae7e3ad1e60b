/**
 * The phase, from the states of all containers (kubelet_pods.go, getPhase). A container that waits to be restarted counts
 * as stopped; a sidecar that runs keeps the pod running, one that has stopped counts for nothing.
 */
import type { Container, ContainerStatus, Pod, PodStatus } from '../../kube/types.ts'

export type PodPhase = NonNullable<PodStatus['phase']>

export interface PhaseInput {
  pod: Pod
  initStatuses: readonly ContainerStatus[]
  statuses: readonly ContainerStatus[]
  /** A main container has been created in the present sandbox. */
  hasStarted: boolean
  /** Nothing will be restarted: the pod has ended on this node. */
  over: boolean
}

export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

export function podPhase(input: PhaseInput): PodPhase {
  const { pod, statuses, over } = input
  const policy = pod.spec.restartPolicy ?? 'Always'
  const init = initProgress(input)
  if (init.failed && policy === 'Never') return 'Failed'
  const running = statuses.filter(({ state }) => state?.running !== undefined).length + init.sidecarsRunning
  const exits = statuses.map(exitCode)
  const stopped = exits.filter(code => code !== null).length
  const succeeded = statuses.filter(({ state }) => state?.terminated?.exitCode === 0).length
  const neverRan = statuses.some(
    (status, index) => exits[index] === null && status.state?.running === undefined,
  )
  if (init.pending || (init.sidecarsPending && !input.hasStarted) || neverRan || init.sidecarsWaiting)
    return over ? 'Failed' : 'Pending'
  if (running > 0) return over ? 'Failed' : 'Running'
  if (over) return stopped === succeeded ? 'Succeeded' : 'Failed'
  if (policy === 'Always') return 'Running'
  if (stopped === succeeded) return 'Succeeded'
  return policy === 'Never' ? 'Failed' : 'Running'
}

/** Of the state, or, while it waits for a restart, of the instance before. */
function exitCode({ state, lastState }: ContainerStatus): number | null {
  if (state?.terminated !== undefined) return state.terminated.exitCode
  return state?.waiting === undefined ? null : (lastState?.terminated?.exitCode ?? null)
}

function initProgress({ pod, initStatuses }: PhaseInput): {
  pending: boolean
  failed: boolean
  sidecarsPending: boolean
  sidecarsWaiting: boolean
  sidecarsRunning: number
} {
  const of = (sidecar: boolean): ContainerStatus[] =>
    initStatuses.filter((_, index) => {
      const container = pod.spec.initContainers?.[index]
      return container !== undefined && isSidecar(container) === sidecar
    })
  const plain = of(false).map(exitCode)
  const sidecars = of(true)
  const waiting = sidecars.filter(status => status.state?.waiting !== undefined && exitCode(status) === null)
  const unstarted = sidecars.filter(({ state, started }) => state?.running !== undefined && started !== true)
  return {
    pending: plain.some(code => code === null),
    failed: plain.some(code => code !== null && code !== 0),
    sidecarsPending: waiting.length + unstarted.length > 0,
    sidecarsWaiting: waiting.length > 0,
    sidecarsRunning: sidecars.filter(({ state }) => state?.running !== undefined).length,
  }
}
