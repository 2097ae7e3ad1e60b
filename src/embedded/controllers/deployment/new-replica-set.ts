/** Finds or creates the ReplicaSet of the Deployment's present template, and keeps its revision (semantics §1.4, §1.7). */
import type { ReplicaSet } from '../../../kube/types.ts'
import { ApiError } from '../../cluster-api.ts'
import { findCondition } from '../conditions.ts'
import { controllerOf, controllerReference } from '../owners.ts'
import { newReplicaSetAnnotations, revisionKey, revisionOf, sizeAnnotations } from './annotations.ts'
import { hasDeadline } from './deployment-status.ts'
import { specReplicas, totalSpec } from './replica-sets.ts'
import { newSize } from './rolling.ts'
import type { Rollout } from './rollout.ts'
import { hashLabel, templateFingerprint, templateHash } from './template-hash.ts'

/** Null when there is none and none is to be created. */
export function syncNewReplicaSet(rollout: Rollout, create: boolean): ReplicaSet | null {
  const revision = Math.max(0, ...rollout.olds.map(revisionOf)) + 1
  const young = rollout.young
  if (young !== null) return syncExisting(rollout, young, revision)
  return create ? createNew(rollout, revision) : null
}

function syncExisting(rollout: Rollout, young: ReplicaSet, revision: number): ReplicaSet {
  const { deployment } = rollout
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0
  const { annotations, changed } = newReplicaSetAnnotations(
    deployment,
    young.metadata.annotations ?? {},
    revision,
  )
  if (changed || (young.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    return rollout.update({
      ...young,
      metadata: { ...young.metadata, annotations },
      spec: { ...young.spec, minReadySeconds },
    })
  }
  const own = young.metadata.annotations?.[revisionKey]
  if (own !== undefined) rollout.writeRevision(own)
  if (hasDeadline(deployment) && findCondition(deployment.status?.conditions, 'Progressing') === null) {
    const text = `Found new replica set "${young.metadata.name}"`
    rollout.writeCondition('Progressing', 'True', 'FoundNewReplicaSet', text)
  }
  return young
}

function createNew(rollout: Rollout, revision: number): ReplicaSet | null {
  const wanted = replicaSetFor(rollout, revision)
  let young: ReplicaSet
  try {
    young = rollout.create(wanted)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.reason === 'AlreadyExists') return resolveCollision(rollout, wanted, error)
    if (hasDeadline(rollout.deployment)) {
      rollout.writeCondition('Progressing', 'False', 'ReplicaSetCreateError', error.message)
    }
    throw error
  }
  const size = specReplicas(young)
  if (size > 0) rollout.recordScaling(young.metadata.name, 0, size)
  rollout.writeRevision(String(revision))
  if (hasDeadline(rollout.deployment)) {
    const text = `Created new replica set "${young.metadata.name}"`
    rollout.writeCondition('Progressing', 'True', 'NewReplicaSetCreated', text)
  }
  return young
}

/** Our own ReplicaSet that the cache does not show yet is no collision; anything else of that name is. */
function resolveCollision(rollout: Rollout, wanted: ReplicaSet, error: ApiError): never {
  const { deployment } = rollout
  const { namespace = '', name } = wanted.metadata
  const there = rollout.api.get<ReplicaSet>('replicasets', namespace, name)
  const ours =
    there !== null &&
    controllerOf(there)?.uid === deployment.metadata.uid &&
    templateFingerprint(there.spec.template) === templateFingerprint(wanted.spec.template)
  if (there !== null && !ours) {
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    rollout.writeStatus({ ...deployment.status, collisionCount })
  }
  throw error
}

function replicaSetFor({ deployment, fenceposts, all }: Rollout, revision: number): ReplicaSet {
  const { metadata, spec, status } = deployment
  const hash = templateHash(spec.template, status?.collisionCount ?? 0)
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash }
  const recreate = spec.strategy?.type === 'Recreate'
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace ?? '',
      labels,
      annotations: {
        ...newReplicaSetAnnotations(deployment, {}, revision).annotations,
        ...sizeAnnotations(fenceposts),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: recreate ? fenceposts.replicas : newSize(fenceposts, 0, totalSpec(all)),
      minReadySeconds: spec.minReadySeconds ?? 0,
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  }
}
