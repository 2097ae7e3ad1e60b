/**
 * What a ReplicaSet has written and its watch has not shown yet. Until all of it was seen, the ReplicaSet must not
 * create or delete again, or it would do so twice (semantics §2).
 */
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

  expectCreations(key: string, count: number, nowUs: number): void {
    this.#expected.set(key, { creations: count, deletions: new Set(), sinceUs: nowUs })
  }

  expectDeletions(key: string, podUids: readonly string[], nowUs: number): void {
    this.#expected.set(key, { creations: 0, deletions: new Set(podUids), sinceUs: nowUs })
  }

  creationSeen(key: string, count = 1): void {
    const expected = this.#expected.get(key)
    if (expected !== undefined) expected.creations -= count
  }

  deletionSeen(key: string, podUid: string): void {
    this.#expected.get(key)?.deletions.delete(podUid)
  }

  forget(key: string): void {
    this.#expected.delete(key)
  }
}
