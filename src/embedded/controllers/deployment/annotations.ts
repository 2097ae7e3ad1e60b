/** The annotations by which a Deployment and its ReplicaSets remember revisions and sizes (semantics §1.7). */
import type { Deployment, ReplicaSet } from '../../../kube/types.ts'
import type { Fenceposts } from './fenceposts.ts'

const prefix = 'deployment.kubernetes.io/'
export const revisionKey = `${prefix}revision`
const historyKey = `${prefix}revision-history`
const desiredKey = `${prefix}desired-replicas`
const maxKey = `${prefix}max-replicas`
const notCopied = new Set([
  revisionKey,
  historyKey,
  desiredKey,
  maxKey,
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
])
const historyLengthMax = 2000

type Annotations = Record<string, string>

export function revisionOf(replicaSet: ReplicaSet): number {
  return numberIn(replicaSet.metadata.annotations, revisionKey) ?? 0
}

export function desiredReplicasOf(replicaSet: ReplicaSet): number | null {
  return numberIn(replicaSet.metadata.annotations, desiredKey)
}

export function maxReplicasOf(replicaSet: ReplicaSet): number {
  return numberIn(replicaSet.metadata.annotations, maxKey) ?? 0
}

export function sizeAnnotations({ replicas, surge }: Fenceposts): Annotations {
  return { [desiredKey]: String(replicas), [maxKey]: String(replicas + surge) }
}

/** The ReplicaSet's annotations as its Deployment wants them, and whether that differs from what it has. */
export function newReplicaSetAnnotations(
  deployment: Deployment,
  present: Annotations,
  revision: number,
): { annotations: Annotations; changed: boolean } {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key))
  const annotations = { ...present, ...Object.fromEntries(copied) }
  const before = present[revisionKey]
  if (Number(before ?? 0) < revision) {
    annotations[revisionKey] = String(revision)
    if (before !== undefined) annotations[historyKey] = withRevision(present[historyKey], before)
  }
  const changed = Object.entries(annotations).some(([key, value]) => present[key] !== value)
  return { annotations, changed }
}

function withRevision(history: string | undefined, revision: string): string {
  const revisions = history === undefined || history === '' ? [] : history.split(',')
  revisions.push(revision)
  while (revisions.join(',').length > historyLengthMax) revisions.shift()
  return revisions.join(',')
}

function numberIn(annotations: Annotations | undefined, key: string): number | null {
  const text = annotations?.[key]
  if (text === undefined) return null
  const value = Number.parseInt(text, 10)
  return Number.isNaN(value) ? null : value
}
