/**
 * A pod's status from what the kubelet has seen (semantics §4.1, §5.2 i, A.5). Pure: the same sight gives the same
 * status, except that a condition keeps its transition time while it keeps its value.
 */
import type {
  Condition,
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodStatus,
} from '../../kube/types.ts'
import type { ContainerView } from './pod-containers.ts'
import { podPhase } from './pod-phase.ts'

export interface StatusInput {
  pod: Pod
  hostIP: string
  nowUs: number
  /** The sandbox's address, if the kubelet has seen it. */
  address: string | null
  views: (container: string) => readonly ContainerView[]
  /** Why a container does not start, as its state is to show it. */
  waiting: ReadonlyMap<string, { reason: string; message: string }>
  isStarted: (container: string, id: string) => boolean
  isReady: (container: string, id: string) => boolean
  previous: PodStatus | null
  /** Nothing of the pod is left; what the status says now is final. */
  over: boolean
}

export function podStatus(input: StatusInput): PodStatus {
  const { pod, previous, address } = input
  const initContainers = pod.spec.initContainers ?? []
  const initStatuses = initContainers.map(container => initStatus(container, input))
  const initialised = initContainers.every((container, index) => initDone(container, initStatuses[index]))
  const idle = initialised
    ? 'ContainerCreating'
    : initContainers.length > 0
      ? 'PodInitializing'
      : 'ContainerCreating'
  const statuses = pod.spec.containers.map(container => containerStatus(container, input, idle))
  const phase = podPhase(pod, initStatuses, statuses, initialised, input.over)
  return {
    phase,
    conditions: conditions(input, phase, initialised, initStatuses, statuses),
    hostIP: input.hostIP,
    ...(address === null ? {} : { podIP: address, podIPs: [{ ip: address }] }),
    startTime: previous?.startTime ?? instant(input.nowUs),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    qosClass: previous?.qosClass ?? qosClass(pod),
  }
}

export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always'
}

/** An init container that lets the next one start: it succeeded, or, a sidecar, it has started. */
export function initDone(container: Container, status: ContainerStatus | undefined): boolean {
  return isSidecar(container) ? status?.started === true : status?.state?.terminated?.exitCode === 0
}

function initStatus(container: Container, input: StatusInput): ContainerStatus {
  const status = containerStatus(container, input, 'PodInitializing')
  return isSidecar(container) ? status : { ...status, ready: status.state?.terminated?.exitCode === 0 }
}

function containerStatus(container: Container, input: StatusInput, idle: string): ContainerStatus {
  const [newest, earlier] = input.views(container.name)
  const base = {
    name: container.name,
    image: container.image,
    ready: false,
    restartCount: newest?.restartCount ?? 0,
  }
  const why = input.waiting.get(container.name)
  if (newest === undefined) {
    const waiting = why ?? { reason: idle }
    return { ...base, imageID: '', started: false, state: { waiting } }
  }
  const identity = { ...base, imageID: `${container.image}@modelled`, containerID: newest.id }
  if (newest.exit === null) {
    const started = input.isStarted(container.name, newest.id)
    return {
      ...identity,
      started,
      ready: started && input.isReady(container.name, newest.id),
      state: { running: { startedAt: instant(newest.startedUs) } },
      ...(earlier === undefined ? {} : { lastState: terminated(earlier) }),
    }
  }
  if (why !== undefined && !input.over)
    return { ...identity, started: false, state: { waiting: why }, lastState: terminated(newest) }
  return {
    ...identity,
    started: false,
    state: terminated(newest),
    ...(earlier === undefined ? {} : { lastState: terminated(earlier) }),
  }
}

function terminated({ exit, id, startedUs }: ContainerView): ContainerState {
  if (exit === null) return {}
  return {
    terminated: {
      exitCode: exit.code,
      ...(exit.signal === null ? {} : { signal: exit.signal }),
      reason: exit.reason,
      ...(exit.message === null ? {} : { message: exit.message }),
      startedAt: instant(startedUs),
      finishedAt: instant(exit.atUs),
      containerID: id,
    },
  }
}

function conditions(
  input: StatusInput,
  phase: PodStatus['phase'],
  initialised: boolean,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): Condition[] {
  const initialisedNow: Condition = initialised
    ? { type: 'Initialized', status: 'True' }
    : { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized' }
  const sandbox = input.address !== null && !input.over ? 'True' : 'False'
  return [
    { type: 'PodReadyToStartContainers', status: sandbox } as const,
    initialisedNow,
    ...readyConditions(input.pod, phase, initStatuses, statuses),
  ].map(condition => withTransition(condition, input.previous?.conditions, input.nowUs))
}

/** Ready = all main containers and sidecars are, and every readiness gate is open. */
export function readyConditions(
  pod: Pod,
  phase: PodStatus['phase'],
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): Condition[] {
  const unready = [...initStatuses.filter((_, index) => isSidecarAt(pod, index)), ...statuses]
    .filter(status => !status.ready)
    .map(status => status.name)
  const containersReady = readiness('ContainersReady', phase, unready)
  const closedGate = (pod.spec.readinessGates ?? []).find(
    ({ conditionType }) =>
      pod.status?.conditions?.find(({ type }) => type === conditionType)?.status !== 'True',
  )
  if (containersReady.status !== 'True' || closedGate === undefined)
    return [{ ...containersReady, type: 'Ready' }, containersReady]
  const message = `corresponding condition of pod readiness gate "${closedGate.conditionType}" does not exist.`
  return [{ type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message }, containersReady]
}

function isSidecarAt(pod: Pod, index: number): boolean {
  const container = pod.spec.initContainers?.[index]
  return container !== undefined && isSidecar(container)
}

function readiness(type: string, phase: PodStatus['phase'], unready: readonly string[]): Condition {
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' }
  if (unready.length === 0) return { type, status: 'True' }
  const message = `containers with unready status: [${unready.join(' ')}]`
  return { type, status: 'False', reason: 'ContainersNotReady', message }
}

/** lastTransitionTime moves only when the status does. */
export function withTransition(
  condition: Condition,
  before: readonly Condition[] | undefined,
  nowUs: number,
): Condition {
  const earlier = before?.find(({ type }) => type === condition.type)
  const kept = earlier?.status === condition.status ? earlier.lastTransitionTime : undefined
  return { ...condition, lastProbeTime: null, lastTransitionTime: kept ?? instant(nowUs) }
}

/** RFC 3339 in whole seconds, as all times in a status. */
export function instant(atUs: number): string {
  return `${new Date(Math.floor(atUs / 1_000_000) * 1000).toISOString().slice(0, 19)}Z`
}

function qosClass(pod: Pod): string {
  const resources = pod.spec.containers.map(container => container.resources ?? {})
  const named = resources.some(
    ({ requests = {}, limits = {} }) => Object.keys(requests).length + Object.keys(limits).length > 0,
  )
  if (!named) return 'BestEffort'
  const guaranteed = resources.every(({ requests, limits }) =>
    ['cpu', 'memory'].every(
      name => limits?.[name] !== undefined && (requests?.[name] ?? limits[name]) === limits[name],
    ),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
