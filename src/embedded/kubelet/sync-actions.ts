/**
 * What one sync of a pod has to do, from what the kubelet has seen (semantics §4.1, §4.5). Pure. Init containers run one
 * after the other, a sidecar lets the next one start once it has started; main containers come after all of them.
 */
import type { Container, Pod } from '../../kube/types.ts'
import type { ContainerView } from './pod-containers.ts'
import { isSidecar } from './pod-status.ts'

export type Condemner = 'liveness' | 'startup'

export type SyncAction =
  { kind: 'kill'; container: Container; because: Condemner } | { kind: 'start'; container: Container }

export interface SyncSight {
  seen: (container: string) => ContainerView | undefined
  isStarted: (container: string, id: string) => boolean
  condemnedBy: (container: string, id: string) => Condemner | null
}

export function syncActions(pod: Pod, sight: SyncSight): SyncAction[] {
  const actions: SyncAction[] = []
  const policy = pod.spec.restartPolicy ?? 'Always'
  for (const container of pod.spec.initContainers ?? []) {
    const seen = sight.seen(container.name)
    if (isSidecar(container)) {
      const wanted = actionsFor(container, sight, 'Always')
      actions.push(...wanted)
      if (seen?.exit !== null || !sight.isStarted(container.name, seen.id)) return actions
      continue
    }
    if (seen?.exit === null) return actions
    if (seen?.exit.code === 0) continue
    if (seen === undefined || policy !== 'Never') actions.push({ kind: 'start', container })
    return actions
  }
  for (const container of pod.spec.containers) actions.push(...actionsFor(container, sight, policy))
  return actions
}

function actionsFor(container: Container, sight: SyncSight, policy: string): SyncAction[] {
  const seen = sight.seen(container.name)
  if (seen === undefined) return [{ kind: 'start', container }]
  if (seen.exit !== null) {
    const again = policy === 'Always' || (policy === 'OnFailure' && seen.exit.code !== 0)
    return again ? [{ kind: 'start', container }] : []
  }
  const because = sight.condemnedBy(container.name, seen.id)
  if (because === null) return []
  const kill: SyncAction = { kind: 'kill', container, because }
  return policy === 'Never' ? [kill] : [kill, { kind: 'start', container }]
}
