import type { ContainerStatus, Pod, PodStatus } from '../../kube/types.ts'

/** The phase, from the states of the main containers; a container that waits to be restarted counts as stopped. */
export function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  initialised: boolean,
  over: boolean,
): NonNullable<PodStatus['phase']> {
  const exits = statuses.map(
    ({ state, lastState }) => state?.terminated ?? (state?.waiting ? lastState?.terminated : undefined),
  )
  const allSucceeded = statuses.every((_, index) => exits[index]?.exitCode === 0)
  // §5.2 i: at the end of a termination, whatever the restart policy says.
  if (over) return allSucceeded ? 'Succeeded' : 'Failed'
  if (!initialised) return initFailedForGood(pod, initStatuses) ? 'Failed' : 'Pending'
  const running = statuses.filter(({ state }) => state?.running !== undefined).length
  const stopped = exits.filter(exit => exit !== undefined).length
  if (running + stopped < statuses.length) return 'Pending'
  if (running > 0) return 'Running'
  const policy = pod.spec.restartPolicy ?? 'Always'
  if (policy === 'Always') return 'Running'
  if (allSucceeded) return 'Succeeded'
  return policy === 'Never' ? 'Failed' : 'Running'
}

function initFailedForGood(pod: Pod, initStatuses: readonly ContainerStatus[]): boolean {
  return (
    pod.spec.restartPolicy === 'Never' &&
    initStatuses.some(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0)
  )
}
