/** Owner references: who controls an object, and the claim by which a controller adopts and releases (semantics §1.3, §2). */
import type { KubeObject, LabelSelector, OwnerReference } from '../../kube/types.ts'
import { matchesSelector } from '../selector.ts'

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

export type Claim = 'owned' | 'adopt' | 'release' | 'foreign'

/** What an owner does with an object that is its own, an orphan, or somebody else's. */
export function claimOf(owner: KubeObject, selector: LabelSelector, object: KubeObject): Claim {
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
export function adopted<T extends KubeObject>(owner: KubeObject, object: T): T {
  const ownerReferences = [...(object.metadata.ownerReferences ?? []), controllerReference(owner)]
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}

/** The object without any reference to the owner. */
export function released<T extends KubeObject>(ownerUid: string | undefined, object: T): T {
  const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid)
  return { ...object, metadata: { ...object.metadata, ownerReferences } }
}
