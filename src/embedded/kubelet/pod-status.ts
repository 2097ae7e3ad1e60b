/**
 * A pod's status from what the kubelet has seen (semantics §4.1, §5.2 i, A.5). Pure: the same sight gives the same
 * status, except that a condition keeps its transition time while it keeps its value.
 *
 * A phase that is final is reported only once nothing of the pod is left; until then the phase stays what it was, while
 * the conditions say already that the pod is not ready (status_manager.go, mergePodStatus).
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
import { isSidecar, podPhase, type PodPhase } from './pod-phase.ts'

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
  /** The node ends the pod for a reason of its own. */
  eviction: Eviction | null
  /** Nothing of the pod is left; what the status says now is final. */
  over: boolean
}

export interface Eviction {
  reason: string
  message: string
  /** The pod counts as failed from the start (a deadline), not only at the end (a shutdown of the node). */
  failsAtOnce: boolean
  /** Stands in the final status. */
  disruption: boolean
}

export interface PodSight {
  status: PodStatus
  /** Nothing will run any more, though something may still be stopping. */
  ended: boolean
}

export function podStatus(input: StatusInput): PodSight {
  const { pod, previous, address, eviction } = input
  const initContainers = pod.spec.initContainers ?? []
  // Kubernetes says so also when the init containers are through.
  const idle = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating'
  const initStatuses = initContainers.map(container => initStatus(container, input, idle))
  const initialised = initContainers.every((container, index) => initDone(container, initStatuses[index]))
  const statuses = pod.spec.containers
    .map(container => containerStatus(container, input, idle, initialised))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const hasStarted = pod.spec.containers.some(({ name }) => input.views(name)[0]?.earlierSandbox === false)
  const computed = podPhase({ pod, initStatuses, statuses, hasStarted, over: input.over })
  const evicted = eviction !== null && (eviction.failsAtOnce || input.over)
  const phase = evicted ? 'Failed' : computed
  const ended = phase === 'Succeeded' || phase === 'Failed'
  const shown = ended && !input.over ? (previous?.phase ?? 'Pending') : phase
  const why = evicted && input.over ? eviction : shown === previous?.phase ? previous : null
  const status: PodStatus = {
    ...generation(pod),
    phase: shown,
    conditions: conditions(input, phase, initialised, initStatuses, statuses),
    ...(why?.message === undefined ? {} : { message: why.message }),
    ...(why?.reason === undefined ? {} : { reason: why.reason }),
    hostIP: input.hostIP,
    hostIPs: [{ ip: input.hostIP }],
    ...(address === null ? {} : { podIP: address, podIPs: [{ ip: address }] }),
    startTime: previous?.startTime ?? instant(input.nowUs),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    qosClass: previous?.qosClass ?? qosClass(pod),
  }
  return { status, ended }
}

function generation(pod: Pod): { observedGeneration?: number } {
  return pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }
}

/** An init container that lets the next one start: it succeeded, or, a sidecar, it has started. */
export function initDone(container: Container, status: ContainerStatus | undefined): boolean {
  return isSidecar(container) ? status?.started === true : status?.state?.terminated?.exitCode === 0
}

function initStatus(container: Container, input: StatusInput, idle: string): ContainerStatus {
  const status = containerStatus(container, input, idle, false)
  return isSidecar(container) ? status : { ...status, ready: status.state?.terminated?.exitCode === 0 }
}

function containerStatus(
  container: Container,
  input: StatusInput,
  idle: string,
  initialised: boolean,
): ContainerStatus {
  const [newest, earlier] = input.views(container.name)
  const base = {
    name: container.name,
    image: container.image,
    ready: false,
    restartCount: newest?.restartCount ?? 0,
  }
  const why = input.waiting.get(container.name)
  if (newest === undefined) {
    const state = input.over && initialised ? { terminated: lost } : { waiting: why ?? { reason: idle } }
    return { ...base, imageID: '', started: false, state }
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
  if (why !== undefined && !input.over && isRestarted(container, input.pod, newest.exit.code))
    return { ...identity, started: false, state: { waiting: why }, lastState: terminated(newest) }
  return {
    ...identity,
    started: false,
    state: terminated(newest),
    ...(earlier === undefined ? {} : { lastState: terminated(earlier) }),
  }
}

/** A container that will not be started again shows how it ended, not why it waits. */
function isRestarted(container: Container, { metadata, spec }: Pod, exitCode: number): boolean {
  if (metadata.deletionTimestamp !== undefined) return false
  const policy = isSidecar(container) ? 'Always' : (spec.restartPolicy ?? 'Always')
  const isInit =
    spec.initContainers?.some(({ name }) => name === container.name) === true && !isSidecar(container)
  if (policy === 'Never' || (isInit && exitCode === 0)) return false
  return policy === 'Always' || exitCode !== 0
}

/** At a pod's end a container that never was seen counts as lost (status_manager.go, TerminatePod). */
const lost = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
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
  phase: PodPhase,
  initialised: boolean,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): Condition[] {
  const { pod, previous, nowUs, eviction } = input
  const sandbox = input.address !== null && !input.over ? 'True' : 'False'
  const all: Condition[] = [
    { type: 'PodReadyToStartContainers', status: sandbox },
    initialisedCondition(pod, phase, initialised, initStatuses, statuses),
    ...readyConditions(pod, phase, initStatuses, statuses),
    { type: 'PodScheduled', status: 'True' },
  ]
  if (eviction?.disruption === true && input.over) {
    const { message } = eviction
    all.unshift({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message })
  }
  return all.map(condition =>
    withTransition({ ...generation(pod), ...condition }, previous?.conditions, nowUs),
  )
}

/** Once a main container has started, a sidecar that is restarted does not change it. */
function initialisedCondition(
  pod: Pod,
  phase: PodPhase,
  initialised: boolean,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): Condition {
  const type = 'Initialized'
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' }
  const anyRan = statuses.some(
    ({ state, lastState }) => (state?.running ?? state?.terminated ?? lastState?.terminated) !== undefined,
  )
  if (initialised || anyRan) return { type, status: 'True' }
  const incomplete = (pod.spec.initContainers ?? [])
    .filter((container, index) => !initDone(container, initStatuses[index]))
    .map(({ name }) => name)
  const message = `containers with incomplete status: [${incomplete.join(' ')}]`
  return { type, status: 'False', reason: 'ContainersNotInitialized', message }
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
  const closed = (pod.spec.readinessGates ?? []).flatMap(gate => {
    const status = gateOf(pod, gate)
    if (status === 'True') return []
    const named = `pod readiness gate "${gate.conditionType}"`
    return status === null
      ? `corresponding condition of ${named} does not exist.`
      : `the status of ${named} is not "True", but ${status}`
  })
  if (containersReady.status !== 'True' || closed.length === 0)
    return [{ ...containersReady, type: 'Ready' }, containersReady]
  const message = closed.join(', ')
  return [{ type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message }, containersReady]
}

/** The condition that a gate asks for; null when nobody has set it. */
export function gateOf(pod: Pod, { conditionType }: { conditionType: string }): Condition['status'] | null {
  return pod.status?.conditions?.find(({ type }) => type === conditionType)?.status ?? null
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
