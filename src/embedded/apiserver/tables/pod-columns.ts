/** The pod's cells. "Terminating" is no phase: it is how a deletionTimestamp is shown (semantics §5.1, §10.4). */
import type { ContainerState, ContainerStatus, Pod } from '../../../kube/types.ts'
import type { Column } from './column.ts'
import { column } from './column.ts'

/** Ready, Status, Restarts, then the ones of `-o wide`. */
export const podColumns: Column[] = [
  column<Pod>(
    'Ready',
    pod => `${statusesOf(pod).filter(({ ready }) => ready).length}/${pod.spec.containers.length}`,
  ),
  column<Pod>('Status', statusText),
  column<Pod>('Restarts', pod =>
    String(statusesOf(pod).reduce((sum, { restartCount }) => sum + restartCount, 0)),
  ),
  column<Pod>('IP', ({ status }) => status?.podIP ?? '<none>', 1),
  column<Pod>('Node', ({ spec }) => spec.nodeName ?? '<none>', 1),
  column<Pod>('Nominated Node', () => '<none>', 1),
  column<Pod>('Readiness Gates', readinessGates, 1),
]

function statusesOf(pod: Pod): ContainerStatus[] {
  return pod.status?.containerStatuses ?? []
}

function statusText(pod: Pod): string {
  const { status, metadata } = pod
  const phase = status?.phase ?? 'Unknown'
  const finished = phase === 'Succeeded' || phase === 'Failed'
  if (metadata.deletionTimestamp !== undefined && !finished)
    return status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating'
  let text = status?.reason ?? phase
  for (const { state } of [...statusesOf(pod)].reverse()) text = stateReason(state) ?? text
  const running = statusesOf(pod).some(({ ready, state }) => ready && state?.running !== undefined)
  if (text === 'Completed' && running) return 'Running'
  return text
}

function stateReason({ waiting, terminated }: ContainerState = {}): string | null {
  if ((waiting?.reason ?? '') !== '') return waiting?.reason ?? null
  if (terminated === undefined) return null
  if ((terminated.reason ?? '') !== '') return terminated.reason ?? null
  return terminated.signal === undefined ? `ExitCode:${terminated.exitCode}` : `Signal:${terminated.signal}`
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const isTrue = (gate: string): boolean =>
    (status?.conditions ?? []).some(({ type, status: is }) => type === gate && is === 'True')
  return `${gates.filter(({ conditionType }) => isTrue(conditionType)).length}/${gates.length}`
}
