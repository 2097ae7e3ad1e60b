/**
 * What an owner of pods has written and its watch has not shown yet. Until all of it was seen, the owner must not create
 * or delete again, or it would do so twice (semantics §2).
 */
import type { Pod } from '../../../kube/types.ts'
import type { Change } from '../informer.ts'
import { controllerOf } from '../owners.ts'
import { isTerminating } from '../pods.ts'

interface Expected {
  creations: number
  deletions: Set<string>
  sinceUs: number
}

const expiryUs = 5 * 60 * 1_000_000

export class Expectations {
  readonly #expected = new Map<string, Expected>()

  /** True when nothing is outstanding, or it has been for so long that it will not come. */
  satisfied(key: string, nowUs: number): boolean {
    const expected = this.#expected.get(key)
    if (expected === undefined) return true
    if (expected.creations <= 0 && expected.deletions.size === 0) return true
    return nowUs - expected.sinceUs > expiryUs
  }

  expect(key: string, creations: number, deletions: readonly Pod[], nowUs: number): void {
    const uids = new Set(deletions.map(({ metadata }) => metadata.uid ?? ''))
    this.#expected.set(key, { creations, deletions: uids, sinceUs: nowUs })
  }

  creationSeen(key: string, count = 1): void {
    const expected = this.#expected.get(key)
    if (expected !== undefined) expected.creations -= count
  }

  deletionSeen(key: string, podUid: string): void {
    this.#expected.get(key)?.deletions.delete(podUid)
  }

  /** A change of a pod, for owners of one kind. */
  note(kind: string, { type, object }: Change<Pod>): void {
    const owner = controllerOf(object)
    if (owner?.kind !== kind) return
    const key = `${object.metadata.namespace ?? ''}/${owner.name}`
    if (type === 'ADDED' && !isTerminating(object)) this.creationSeen(key)
    if (type === 'DELETED' || isTerminating(object)) this.deletionSeen(key, object.metadata.uid ?? '')
  }

  forget(key: string): void {
    this.#expected.delete(key)
  }
}
