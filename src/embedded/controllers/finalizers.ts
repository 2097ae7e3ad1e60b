/** Lets go of an object that a finalizer holds back; one that is gone already needs nothing. */
import type { KubeObject } from '../../kube/types.ts'
import { ApiError, type ClusterApi, type ResourceName } from '../cluster-api.ts'

export function removeFinalizer(
  api: ClusterApi,
  resource: ResourceName,
  object: KubeObject,
  finalizer: string,
): void {
  const finalizers = (object.metadata.finalizers ?? []).filter(other => other !== finalizer)
  ignoringNotFound(() => api.update(resource, { ...object, metadata: { ...object.metadata, finalizers } }))
}

export function ignoringNotFound(write: () => unknown): void {
  try {
    write()
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error
  }
}
