/** What manifests are made of, how an object is told from another, and in which order they are applied. */
import type { KubeObject } from '../../kube/types.ts'

/** A Kubernetes object as a manifest has it: every field is kept as written. */
export type ManifestObject = KubeObject & Record<string, unknown>

/** What may not occur twice, and what a patch names. */
export function objectKey(object: ManifestObject): string {
  const { apiVersion, kind, metadata } = object
  return `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`
}

/**
 * kustomize's order: what others depend on comes first. A pod gets the addresses of the Services that there are when it
 * is made, so Services must come before Deployments.
 */
const kindsInOrder = ['Namespace', 'ServiceAccount', 'ConfigMap', 'Secret', 'Service', 'Deployment']

export function byKindThenName(a: ManifestObject, b: ManifestObject): number {
  return (
    rank(a.kind) - rank(b.kind) ||
    compare(a.kind, b.kind) ||
    compare(a.metadata.namespace ?? '', b.metadata.namespace ?? '') ||
    compare(a.metadata.name, b.metadata.name)
  )
}

function rank(kind: string): number {
  const index = kindsInOrder.indexOf(kind)
  return index === -1 ? kindsInOrder.length : index
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
