/**
 * A namespace that is deleted takes its content along, and goes when the last object has gone. A real cluster does this
 * with a finalizer and a controller; here the registry does, since no measurement depends on how long it takes.
 */
import type { KubeObject } from '../../kube/types.ts'
import { ApiError } from '../cluster-api.ts'
import type { Deletion } from './deletion.ts'
import { deleteObject } from './deletion.ts'
import { notFound } from './api-errors.ts'
import type { RegistryCore } from './registry-core.ts'
import { instantOf } from './registry-core.ts'
import { kindOf, resourceKinds } from './resources.ts'

const namespacedResources = resourceKinds.filter(kind => kind.namespaced).map(kind => kind.resource)

export function deleteNamespace(core: RegistryCore, name: string, dryRun: boolean): Deletion {
  const existing: (KubeObject & { status?: object }) | null = core.store.get('namespaces', '', name)
  if (existing === null) throw notFound(kindOf('namespaces'), name)
  if (existing.metadata.deletionTimestamp !== undefined) return { object: existing, removed: false }
  const metadata = { ...existing.metadata, deletionTimestamp: instantOf(core) }
  const marked = { ...existing, metadata, status: { ...existing.status, phase: 'Terminating' } }
  const committed = core.commit('namespaces', marked, dryRun)
  if (dryRun) return { object: committed, removed: false }
  for (const resource of namespacedResources)
    for (const object of core.store.list(resource, name)) deleteIfThere(core, resource, object)
  finishNamespace(core, name)
  return { object: committed, removed: core.store.get('namespaces', '', name) === null }
}

/** To be called whenever something was removed from the namespace. */
export function finishNamespace(core: RegistryCore, name: string): void {
  const namespace = core.store.get('namespaces', '', name)
  if (namespace?.metadata.deletionTimestamp === undefined) return
  const empty = namespacedResources.every(resource => core.store.list(resource, name).length === 0)
  if (empty) core.removeObject('namespaces', namespace)
}

function deleteIfThere(
  core: RegistryCore,
  resource: (typeof namespacedResources)[number],
  object: KubeObject,
): void {
  try {
    deleteObject(core, resource, object.metadata.namespace ?? '', object.metadata.name, {
      propagationPolicy: 'Background',
    })
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 404) throw error
  }
}
