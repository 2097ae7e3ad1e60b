/** Which revision a StatefulSet comes from, and which it goes to (apps/v1: status.currentRevision, status.updateRevision). */
import type { PodTemplateSpec } from '../../../kube/types.ts'
import type { ControllerRevision, StatefulSet } from '../../workload-types.ts'
import type { ClusterApi } from '../../cluster-api.ts'
import { canonicalJson } from '../canonical-json.ts'
import { shortHash } from '../fnv-hash.ts'
import {
  createRevision,
  matchesTemplate,
  sortedRevisions,
  templateOf,
  templatePatch,
} from '../history/controller-revisions.ts'

export interface Revisions {
  current: ControllerRevision
  update: ControllerRevision
  collisions: number
}

export function revisionsOf(
  api: ClusterApi,
  set: StatefulSet,
  unsorted: readonly ControllerRevision[],
): Revisions {
  const known = sortedRevisions(unsorted)
  const last = known.at(-1)
  const number = (last?.revision ?? 0) + 1
  const equal = known.filter(revision => matchesTemplate(set, revision)).at(-1)
  let collisions = set.status?.collisionCount ?? 0
  let update: ControllerRevision | null = equal ?? null
  // An old template that comes back is the newest revision again, under its old name.
  if (update !== null && update !== last)
    update = api.update('controllerrevisions', { ...update, revision: number })
  while (update === null) {
    const created = createRevision(api, set, { labelKey, revision: number, hash: hashOf(set) }, collisions)
    if ('created' in created) update = created.created
    else collisions++
  }
  const current = known.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
  return { current, update, collisions }
}

const labelKey = 'controller.kubernetes.io/hash'

/** Here the number of collisions always counts, also when there was none. */
function hashOf(set: StatefulSet): (collisions: number) => string {
  const text = canonicalJson(templatePatch(set))
  return collisions => shortHash(`${text}${collisions}`)
}

/** The template of a missing pod: below the partition (or, without one, among those still counted as current) the old one. */
export function templateFor(
  set: StatefulSet,
  { current, update }: Revisions,
  ordinal: number,
  first: number,
): { template: PodTemplateSpec; revision: string } {
  const { updateStrategy = {} } = set.spec
  const { type, rollingUpdate } = updateStrategy
  const old =
    rollingUpdate === undefined
      ? type === 'RollingUpdate' && ordinal < first + (set.status?.currentReplicas ?? 0)
      : ordinal < first + (rollingUpdate.partition ?? 0)
  const revision = old ? current : update
  return { template: templateOf(revision) ?? set.spec.template, revision: revision.metadata.name }
}
