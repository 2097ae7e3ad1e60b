/**
 * ControllerRevisions: how StatefulSets and DaemonSets remember their templates. A revision's data is the patch that
 * brings its template back, so that `kubectl rollout undo` need only send it (semantics §1.8). Two revisions are equal
 * when their data are, as text: the order of the members is therefore fixed here.
 */
import type { KubeObject, LabelSelector, PodTemplateSpec } from '../../../kube/types.ts'
import type { ControllerRevision } from '../../workload-types.ts'
import type { ClusterApi } from '../../cluster-api.ts'
import { ApiError } from '../../cluster-api.ts'
import { canonicalJson } from '../canonical-json.ts'
import { instantUs } from '../instant.ts'
import { controllerReference } from '../owners.ts'

export type Revisioned = KubeObject & { spec: { selector: LabelSelector; template: PodTemplateSpec } }

/** A revision as its owner's present template makes it. */
export interface NewRevision {
  labelKey: string
  revision: number
  /** The name's end, by the number of collisions so far. */
  hash: (collisions: number) => string
}

export function templatePatch(owner: Revisioned): NonNullable<ControllerRevision['data']> {
  const patch = { spec: { template: { ...owner.spec.template, $patch: 'replace' } } }
  return JSON.parse(canonicalJson(patch)) as NonNullable<ControllerRevision['data']>
}

export function templateOf({ data }: ControllerRevision): PodTemplateSpec | null {
  const template = data?.spec.template
  if (template === undefined) return null
  return Object.fromEntries(Object.entries(template).filter(([key]) => key !== '$patch')) as {
    spec: PodTemplateSpec['spec']
  }
}

export function matchesTemplate(owner: Revisioned, { data }: ControllerRevision): boolean {
  return canonicalJson(data) === canonicalJson(templatePatch(owner))
}

/** By number; among equals the older first. */
export function sortedRevisions(revisions: readonly ControllerRevision[]): ControllerRevision[] {
  return [...revisions].sort(
    (one, other) =>
      one.revision - other.revision ||
      instantUs(one.metadata.creationTimestamp) - instantUs(other.metadata.creationTimestamp) ||
      (one.metadata.name < other.metadata.name ? -1 : 1),
  )
}

/** Either the revision, or the object whose name stands in the way. */
export type Creation = { created: ControllerRevision } | { collided: true }

export function createRevision(
  api: ClusterApi,
  owner: Revisioned,
  { labelKey, revision, hash }: NewRevision,
  collisions: number,
): Creation {
  const wanted = revisionObject(owner, labelKey, revision, hash(collisions))
  try {
    return { created: api.create('controllerrevisions', wanted) }
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error
    const { namespace = '', name } = wanted.metadata
    const there = api.get<ControllerRevision>('controllerrevisions', namespace, name)
    if (there === null) throw error
    return canonicalJson(there.data) === canonicalJson(wanted.data) ? { created: there } : { collided: true }
  }
}

function revisionObject(
  owner: Revisioned,
  labelKey: string,
  revision: number,
  hash: string,
): ControllerRevision {
  const { metadata, spec } = owner
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${metadata.name.slice(0, 223)}-${hash}`,
      namespace: metadata.namespace ?? '',
      labels: { ...spec.template.metadata?.labels, [labelKey]: hash },
      ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    data: templatePatch(owner),
    revision,
  }
}

/** Oldest first, beyond the limit, and without those that some pod still is of. */
export function removeSurplus(
  api: ClusterApi,
  revisions: readonly ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
  limit: number,
): void {
  const idle = sortedRevisions(revisions).filter(revision => !isLive(revision))
  for (const { metadata } of idle.slice(0, Math.max(0, idle.length - limit)))
    api.delete('controllerrevisions', metadata.namespace ?? '', metadata.name)
}
