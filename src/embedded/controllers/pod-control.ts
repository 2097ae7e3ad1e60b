/**
 * Creating and deleting the pods of an owner that makes many alike (semantics §2): creations in batches that double, so
 * that a refusal costs few requests; deletions all at once. Each tells the owner's expectations what will not come.
 */
import type { KubeObject, Pod } from '../../kube/types.ts'
import type { ClusterApi } from '../cluster-api.ts'
import { ApiError } from '../cluster-api.ts'
import { keyOf } from './informer.ts'
import type { Expectations } from './replicaset/expectations.ts'

export interface PodControl {
  api: ClusterApi
  owner: KubeObject
  component: string
  expectations: Expectations
}

export interface Failed {
  failure: { reason: 'FailedCreate' | 'FailedDelete'; message: string }
  error: ApiError
}

/** Null when all went well. */
export function createPods(control: PodControl, pods: readonly Pod[]): Failed | null {
  const { api, owner, component, expectations } = control
  let created = 0
  for (let done = 0, batch = 1; done < pods.length; done += batch, batch = batch * 2) {
    let refusal: ApiError | null = null
    for (const pod of pods.slice(done, done + batch)) {
      try {
        const { metadata } = api.create('pods', pod)
        api.recordEvent(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${metadata.name}`, component)
        created++
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        refusal ??= error
        api.recordEvent(owner, 'Warning', 'FailedCreate', `Error creating: ${error.message}`, component)
      }
    }
    if (refusal !== null) {
      expectations.creationSeen(keyOf(owner), pods.length - created)
      return { failure: { reason: 'FailedCreate', message: refusal.message }, error: refusal }
    }
  }
  return null
}

/** Null when all went well; a pod that is gone already did. */
export function deletePods(control: PodControl, pods: readonly Pod[]): Failed | null {
  const { api, owner, component, expectations } = control
  let failed: Failed | null = null
  for (const { metadata } of pods) {
    try {
      api.delete('pods', metadata.namespace ?? '', metadata.name)
      api.recordEvent(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${metadata.name}`, component)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      expectations.deletionSeen(keyOf(owner), metadata.uid ?? '')
      if (error.reason === 'NotFound') continue
      failed ??= { failure: { reason: 'FailedDelete', message: error.message }, error }
      api.recordEvent(owner, 'Warning', 'FailedDelete', `Error deleting: ${error.message}`, component)
    }
  }
  return failed
}
