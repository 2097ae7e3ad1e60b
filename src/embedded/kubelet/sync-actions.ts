/**
 * What one sync of a pod has to do, from what the kubelet has seen (semantics §4.1, §4.5; computePodActions). Pure. Init
 * containers run one after the other, a sidecar lets the next one start once it has started; main containers come after
 * all of them. From then on sidecars are only kept running, until no main container is left to run.
 */
import type { Container, Pod } from '../../kube/types.ts'
import type { ContainerView } from './pod-containers.ts'
import { isSidecar } from './pod-phase.ts'

export type Condemner = 'liveness' | 'startup'

export type SyncAction =
  | { kind: 'kill'; container: Container; because: Condemner; restarts: boolean }
  | { kind: 'start'; container: Container }
  /** Nothing is left to run: what still does (sidecars) ends with the pod. */
  | { kind: 'end-pod' }

export interface SyncSight {
  seen: (container: string) => ContainerView | undefined
  isStarted: (container: string, id: string) => boolean
  condemnedBy: (container: string, id: string) => Condemner | null
}

export function syncActions(pod: Pod, sight: SyncSight): SyncAction[] {
  const { initContainers = [], containers } = pod.spec
  const policy = pod.spec.restartPolicy ?? 'Always'
  const present = (name: string): ContainerView | undefined => inThisSandbox(sight.seen(name))
  const actions: SyncAction[] = []
  if (containers.some(({ name }) => present(name) !== undefined)) {
    for (const sidecar of initContainers.filter(isSidecar))
      actions.push(...actionsFor(sidecar, present(sidecar.name), sight, 'Always'))
  } else {
    for (const container of initContainers) {
      const seen = present(container.name)
      if (isSidecar(container)) {
        actions.push(...actionsFor(container, seen, sight, 'Always'))
        if (seen?.exit !== null || !sight.isStarted(container.name, seen.id)) return actions
        continue
      }
      if (seen?.exit === null) return actions
      if (seen?.exit.code === 0) continue
      if (seen === undefined || policy !== 'Never') return [...actions, { kind: 'start', container }]
      return [{ kind: 'end-pod' }]
    }
  }
  const ofMain = containers.map(container =>
    actionsFor(container, sightOfMain(sight.seen(container.name), policy), sight, policy),
  )
  const kept = containers.some(
    ({ name }, index) => present(name)?.exit === null && ofMain[index]?.length === 0,
  )
  const starts = ofMain.flat().some(({ kind }) => kind === 'start')
  if (!kept && !starts && ofMain.flat().length === 0) return [{ kind: 'end-pod' }]
  return [...actions, ...ofMain.flat()]
}

function inThisSandbox(view: ContainerView | undefined): ContainerView | undefined {
  return view?.earlierSandbox === true ? undefined : view
}

/** After a loss of power main containers start anew, unless they are never restarted or had done their work. */
function sightOfMain(view: ContainerView | undefined, policy: string): ContainerView | undefined {
  if (view?.earlierSandbox !== true || policy === 'Never') return view
  return policy === 'OnFailure' && view.exit?.code === 0 ? view : undefined
}

function actionsFor(
  container: Container,
  seen: ContainerView | undefined,
  sight: SyncSight,
  policy: string,
): SyncAction[] {
  if (seen === undefined) return [{ kind: 'start', container }]
  if (seen.exit !== null) {
    const again = policy === 'Always' || (policy === 'OnFailure' && seen.exit.code !== 0)
    return again ? [{ kind: 'start', container }] : []
  }
  const because = sight.condemnedBy(container.name, seen.id)
  if (because === null) return []
  const restarts = policy !== 'Never'
  const kill: SyncAction = { kind: 'kill', container, because, restarts }
  return restarts ? [kill, { kind: 'start', container }] : [kill]
}
