/**
 * The pod's cells. "Terminating" is no phase: it is how a deletionTimestamp is shown (semantics §5.1, §10.4). While init
 * containers run, the status tells of them; sidecars count as containers.
 */
import type { Container, ContainerState, ContainerStatus, Pod } from '../../../kube/types.ts'
import { ageColumn, column, nameColumn, wide, type Column } from './column.ts'
import { ageText } from './durations.ts'
import { orElse } from './texts.ts'

export const podColumns: Column[] = [
  nameColumn,
  column<Pod>('Ready', pod => `${readyCount(pod)}/${containerCount(pod)}`),
  column<Pod>('Status', statusText),
  column<Pod>('Restarts', restartsText),
  ageColumn,
  wide<Pod>('IP', ({ status }) => orElse(status?.podIP ?? '', '<none>')),
  wide<Pod>('Node', ({ spec }) => orElse(spec.nodeName ?? '', '<none>')),
  wide<Pod>('Nominated Node', ({ status }) =>
    orElse((status as { nominatedNodeName?: string } | undefined)?.nominatedNodeName ?? '', '<none>'),
  ),
  wide<Pod>('Readiness Gates', readinessGates),
]

/** What a Table tells besides about pods that are over, so that clients can fade them. */
export function podRowConditions({ status }: Pod): object[] | null {
  const completed = { type: 'Completed', status: 'True' }
  if (status?.phase === 'Succeeded')
    return [{ ...completed, reason: 'Succeeded', message: 'The pod has completed successfully.' }]
  if (status?.phase === 'Failed') return [{ ...completed, reason: 'Failed', message: 'The pod failed.' }]
  return null
}

function isSidecar(pod: Pod, name: string): boolean {
  return (pod.spec.initContainers ?? []).some(
    container => container.name === name && container.restartPolicy === 'Always',
  )
}

function containerCount({ spec }: Pod): number {
  const sidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always'
  return spec.containers.length + (spec.initContainers ?? []).filter(sidecar).length
}

/** The first init container that holds the others up, as the status names it; null when none does. */
function initReason(pod: Pod): string | null {
  const statuses = pod.status?.initContainerStatuses ?? []
  const index = statuses.findIndex(
    ({ name, state, started }) =>
      state?.terminated?.exitCode !== 0 && !(isSidecar(pod, name) && started === true),
  )
  const blocking = statuses[index]?.state
  if (index < 0) return null
  const waiting = blocking?.waiting?.reason ?? ''
  if (blocking?.terminated !== undefined) return `Init:${terminatedReason(blocking.terminated)}`
  if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`
  return `Init:${index}/${pod.spec.initContainers?.length ?? 0}`
}

function isInitialised(pod: Pod): boolean {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Initialized')
  return initReason(pod) === null || condition?.status === 'True'
}

/** Sidecars up to the init container that holds the others up, and the containers once all have begun. */
function readyCount(pod: Pod): number {
  const initStatuses = pod.status?.initContainerStatuses ?? []
  const blocked = initStatuses.findIndex(
    ({ name, state, started }) =>
      state?.terminated?.exitCode !== 0 && !(isSidecar(pod, name) && started === true),
  )
  const begun = blocked < 0 ? initStatuses : initStatuses.slice(0, blocked)
  const sidecars = begun.filter(({ name, ready }) => isSidecar(pod, name) && ready).length
  return isInitialised(pod) ? sidecars + (pod.status?.containerStatuses ?? []).filter(runs).length : sidecars
}

function runs({ ready, state }: ContainerStatus): boolean {
  const waits = (state?.waiting?.reason ?? '') !== ''
  return ready && state?.running !== undefined && !waits && state.terminated === undefined
}

function statusText(pod: Pod): string {
  const { status, metadata } = pod
  const phase = status?.phase ?? 'Unknown'
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  if (metadata.deletionTimestamp !== undefined && status?.reason === 'NodeLost') return 'Unknown'
  if (metadata.deletionTimestamp !== undefined && !isOver) return 'Terminating'
  const gated = status?.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  )
  const initial =
    initReason(pod) ?? (gated === true ? 'SchedulingGated' : orElse(status?.reason ?? '', phase))
  return isInitialised(pod) ? containersReason(pod, initial) : initial
}

/** The first container that has something to say. */
function containersReason({ status }: Pod, initial: string): string {
  let text = initial
  for (const { state } of [...(status?.containerStatuses ?? [])].reverse()) text = stateReason(state) ?? text
  if (text !== 'Completed' || !(status?.containerStatuses ?? []).some(runs)) return text
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return ready?.status === 'True' ? 'Running' : 'NotReady'
}

function stateReason({ waiting, terminated }: ContainerState = {}): string | null {
  if ((waiting?.reason ?? '') !== '') return waiting?.reason ?? null
  return terminated === undefined ? null : terminatedReason(terminated)
}

function terminatedReason({
  reason = '',
  signal = 0,
  exitCode,
}: NonNullable<ContainerState['terminated']>): string {
  if (reason !== '') return reason
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`
}

/** How often, and how long ago the last time. Once the pod has begun, of the init containers only sidecars count. */
function restartsText(pod: Pod, nowUs: number): string {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
  const statuses = isInitialised(pod)
    ? [...initContainerStatuses.filter(({ name }) => isSidecar(pod, name)), ...containerStatuses]
    : initContainerStatuses
  const restarts = statuses.reduce((sum, { restartCount }) => sum + restartCount, 0)
  const ends = statuses.map(({ lastState }) => lastState?.terminated?.finishedAt ?? '').sort()
  const last = ends.at(-1) ?? ''
  return restarts === 0 || last === '' ? String(restarts) : `${restarts} (${ageText(last, nowUs)} ago)`
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const isTrue = (gate: string): boolean =>
    (status?.conditions ?? []).some(({ type, status: is }) => type === gate && is === 'True')
  return `${gates.filter(({ conditionType }) => isTrue(conditionType)).length}/${gates.length}`
}
