/** The requests that mutations are made of: what is sent, what a dry run shows, what a journal keeps. Pure. */
import { collectionPath } from './resource-path.ts'
import type { KubeObject } from './types.ts'

/** One request that changes something. */
export interface MutationRequest {
  method: 'POST' | 'PATCH' | 'DELETE'
  path: string
  body: unknown
  contentType: string
}

export const RUN_LABEL = 'rollproof.dev/run'
/** On a node, with the run's id: who cordoned it. */
export const CORDONED_BY = 'rollproof.dev/cordoned-by'
/** Owns the fields that we set, which tells them from what others set since. */
export const FIELD_MANAGER = 'rollproof'

const jsonType = 'application/json'
const mergePatchType = 'application/merge-patch+json'
const jsonPatchType = 'application/json-patch+json'

export const nodePath = (node: string): string => `/api/v1/nodes/${node}`

export function createRequest(object: KubeObject, namespace: string): MutationRequest {
  const path = `${collectionPath(object, namespace)}?fieldManager=${FIELD_MANAGER}`
  return { method: 'POST', path, body: object, contentType: jsonType }
}

export function patchRequest(path: string, patch: unknown): MutationRequest {
  const body = patch
  return { method: 'PATCH', path: `${path}?fieldManager=${FIELD_MANAGER}`, body, contentType: mergePatchType }
}

/** Refused (409) when the node was changed since it was read: by another cordon, perhaps. */
export function cordonRequest(node: string, runId: string, resourceVersion?: string): MutationRequest {
  const annotations = { [CORDONED_BY]: runId }
  const metadata = { annotations, ...(resourceVersion === undefined ? {} : { resourceVersion }) }
  return patchRequest(nodePath(node), { metadata, spec: { unschedulable: true } })
}

/** Refused as a whole (422) unless the cordon is still ours. */
export function uncordonRequest(node: string, runId: string): MutationRequest {
  const annotation = `/metadata/annotations/${CORDONED_BY.replace('/', '~1')}`
  const body = [
    { op: 'test', path: annotation, value: runId },
    { op: 'test', path: '/spec/unschedulable', value: true },
    { op: 'remove', path: annotation },
    { op: 'remove', path: '/spec/unschedulable' },
  ]
  const path = `${nodePath(node)}?fieldManager=${FIELD_MANAGER}`
  return { method: 'PATCH', path, body, contentType: jsonPatchType }
}

/** A mark that outlived its cordon: somebody else has decided about the node since. */
export function forgetCordonRequest(node: string): MutationRequest {
  return patchRequest(nodePath(node), { metadata: { annotations: { [CORDONED_BY]: null } } })
}

export function evictRequest(namespace: string, pod: string): MutationRequest {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } }
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`
  return { method: 'POST', path, body, contentType: jsonType }
}

export function removeRequest(path: string, options: object): MutationRequest {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options }
  return { method: 'DELETE', path, body, contentType: jsonType }
}
