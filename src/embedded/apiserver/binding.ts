/** POST pods/<name>/binding: the scheduler's decision, which also sets PodScheduled (semantics §3). */
import type { Pod } from '../../kube/types.ts'
import { copyJson } from '../store/json.ts'
import { badRequest, conflict, notFound } from './api-errors.ts'
import { withCondition } from './eviction.ts'
import type { RegistryCore } from './registry-core.ts'
import { instantOf } from './registry-core.ts'
import { kindOf } from './resources.ts'

export function bindPod(
  core: RegistryCore,
  namespace: string,
  name: string,
  node: string,
  dryRun = false,
): void {
  const kind = kindOf('pods')
  const stored = core.store.get('pods', namespace, name) as Pod | null
  if (stored === null) throw notFound(kind, name)
  if (node === '') throw badRequest('target.name: Required value')
  if (stored.metadata.deletionTimestamp !== undefined)
    throw conflict(kind, name, `pod ${name} is being deleted, cannot be assigned to a host`)
  if ((stored.spec.nodeName ?? '') !== '')
    throw conflict(
      kind,
      name,
      `pod ${name} is already assigned to node ${JSON.stringify(stored.spec.nodeName)}`,
    )
  const pod = copyJson(stored)
  pod.spec.nodeName = node
  const conditions = withCondition(
    pod.status?.conditions,
    { type: 'PodScheduled', status: 'True' },
    instantOf(core),
  )
  pod.status = { ...pod.status, conditions }
  if (pod.metadata.generation !== undefined) pod.metadata.generation += 1
  core.commit('pods', pod, dryRun)
}
