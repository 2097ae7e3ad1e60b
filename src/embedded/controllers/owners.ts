/** Owner references: who controls an object, and the claim by which a controller adopts and releases (semantics §1.3, §2). */
import type { KubeObject, LabelSelector, OwnerReference } from '../../kube/types.ts'
import type { ClusterApi, ResourceName } from '../cluster-api.ts'
import { matchesSelector, sameLabels } from '../selector.ts'
import type { KeySink } from './work-queue.ts'
import type { Change } from './informer.ts'
import { keyOf } from './informer.ts'

export function controllerOf(object: KubeObject): OwnerReference | null {
  return object.metadata.ownerReferences?.find(reference => reference.controller === true) ?? null
}

export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

type Claim = 'owned' | 'adopt' | 'release' | 'foreign'

/** What an owner does with an object that is its own, an orphan, or somebody else's. */
function claimOf(owner: KubeObject, selector: LabelSelector, object: KubeObject): Claim {
  const controller = controllerOf(object)
  const matches = matchesSelector(selector, object.metadata.labels)
  const ownerLives = owner.metadata.deletionTimestamp === undefined
  if (controller === null) {
    const adoptable = matches && ownerLives && object.metadata.deletionTimestamp === undefined
    return adoptable ? 'adopt' : 'foreign'
  }
  if (controller.uid !== owner.metadata.uid) return 'foreign'
  if (matches) return 'owned'
  return ownerLives ? 'release' : 'foreign'
}

/** The object with the owner as its controller. */
function adopted<T extends KubeObject>(owner: KubeObject, object: T): T {
  const ownerReferences = [...(object.metadata.ownerReferences ?? []), controllerReference(owner)]
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}

/** The object without any reference to the owner. */
export function released<T extends KubeObject>(ownerUid: string | undefined, object: T): T {
  const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid)
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}

/** Of the candidates those that are the owner's, after adoption and release. */
export function claimed<T extends KubeObject>(
  api: ClusterApi,
  resource: ResourceName,
  owner: KubeObject & { spec: { selector: LabelSelector } },
  candidates: readonly T[],
): T[] {
  return candidates.flatMap(object => {
    switch (claimOf(owner, owner.spec.selector, object)) {
      case 'owned':
        return [object]
      case 'adopt':
        return [api.update(resource, adopted(owner, object))]
      case 'release':
        api.update(resource, released(owner.metadata.uid, object))
        return []
      case 'foreign':
        return []
    }
  })
}

/** Whom a change of an object concerns: its present and former owner; for an orphan, every owner that could adopt it. */
export function addOwners<T extends KubeObject>(
  keys: KeySink,
  kind: string,
  candidates: (namespace: string) => (KubeObject & { spec: { selector: LabelSelector } })[],
  { object, previous }: Change<T>,
): void {
  const { namespace = '', labels } = object.metadata
  const owner = controllerOf(object)
  const former = previous === null ? null : controllerOf(previous)
  for (const reference of former !== null && former.uid !== owner?.uid ? [former, owner] : [owner]) {
    if (reference?.kind === kind) keys.add(`${namespace}/${reference.name}`)
  }
  if (owner !== null) return
  if (previous !== null && former === null && sameLabels(labels, previous.metadata.labels)) return
  for (const candidate of candidates(namespace)) {
    if (matchesSelector(candidate.spec.selector, labels)) keys.add(keyOf(candidate))
  }
}
