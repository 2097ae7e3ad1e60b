/**
 * What a test waits for and what it records, both by client-node's Watch: no test sleeps or polls by time. A watch that
 * the server closes is opened again from the last version seen, so that nothing is missed and nothing is seen twice.
 */
import { Watch } from '@kubernetes/client-node'
import { systemClock } from '../../base/clock.ts'
import type { KubeObject } from '../../kube/types.ts'
import { pathOf, type Plural } from './paths.ts'
import type { Target } from './target.ts'

export interface Seen<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: T
  atUs: number
}

export type Query = Record<string, string | number | boolean>

/** Generous by default; shorter where many failures are expected and nobody wants to wait for each. */
const LIMIT_MS = Number(process.env.ROLLPROOF_CONFORMANCE_LIMIT_MS ?? 90_000)

export class Recorder<T extends KubeObject> {
  readonly seen: Seen<T>[] = []
  /** What is there now, by uid. */
  readonly present = new Map<string, T>()
  readonly #wakers = new Set<() => void>()
  readonly #target: Target
  readonly #path: string
  readonly #query: Query
  readonly #watch: Watch
  #version: string | null
  #controller: AbortController | null = null
  #stopped = false

  constructor(target: Target, path: string, query: Query = {}) {
    this.#target = target
    this.#path = path
    this.#query = query
    this.#version = typeof query.resourceVersion === 'string' ? query.resourceVersion : null
    this.#watch = new Watch(target.config)
    void this.#open()
  }

  /** Resolves with the first truthy value of `look`, which is asked after each change; says what was there if none came. */
  async until<V>(
    look: (recorder: Recorder<T>) => V | null | undefined | false,
    what: string,
    limitMs = LIMIT_MS,
  ): Promise<V> {
    return new Promise((resolve, reject) => {
      const limit = systemClock.after(limitMs, () => {
        this.#wakers.delete(ask)
        reject(new Error(`never seen: ${what}; last: ${this.#summary()}`))
      })
      const ask = (): void => {
        let value: V | null | undefined | false
        try {
          value = look(this)
        } catch (error) {
          limit.cancel()
          this.#wakers.delete(ask)
          reject(error instanceof Error ? error : new Error(String(error)))
          return
        }
        if (value === null || value === undefined || value === false) return
        limit.cancel()
        this.#wakers.delete(ask)
        resolve(value)
      }
      this.#wakers.add(ask)
      ask()
    })
  }

  get items(): T[] {
    return [...this.present.values()]
  }

  /** Waits until all that the server has by now was seen: what another watch has told may be news to this one. */
  async caughtUp(): Promise<void> {
    const known = new Set(this.present.keys())
    const { body } = await this.#target.raw<{ items: T[] }>('GET', this.#path)
    const versions = new Map(body.items.map(({ metadata }) => [metadata.uid ?? '', metadata.resourceVersion]))
    const gone = [...known].filter(uid => !versions.has(uid))
    const isSeen = (uid: string, version: string | undefined): boolean =>
      this.seen.some(
        ({ object: { metadata } }) => metadata.uid === uid && metadata.resourceVersion === version,
      )
    await this.until(
      () => [...versions].every(each => isSeen(...each)) && !gone.some(uid => this.present.has(uid)),
      'all that there is',
    )
  }

  stop(): void {
    this.#stopped = true
    this.#controller?.abort()
  }

  async #open(): Promise<void> {
    if (this.#stopped) return
    const query = this.#version === null ? this.#query : { ...this.#query, resourceVersion: this.#version }
    const controller = await this.#watch.watch(
      this.#path,
      query,
      (type: string, object: T) =>
        this.#take({ type: type as Seen<T>['type'], object, atUs: systemClock.nowUs() }),
      error => {
        if (!this.#stopped && this.seen.at(-1)?.type !== 'ERROR') this.#again(error)
      },
    )
    this.#controller = controller
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- stop() may have come while it opened
    if (this.#stopped) controller.abort()
  }

  #again(error: unknown): void {
    const delayMs = error === null || error === undefined ? 0 : 200
    systemClock.after(delayMs, () => void this.#open())
  }

  #take(seen: Seen<T>): void {
    this.seen.push(seen)
    const { uid = '', resourceVersion } = seen.object.metadata
    if (resourceVersion !== undefined) this.#version = resourceVersion
    if (seen.type === 'ADDED' || seen.type === 'MODIFIED') this.present.set(uid, seen.object)
    if (seen.type === 'DELETED') this.present.delete(uid)
    for (const wake of [...this.#wakers]) wake()
  }

  #summary(): string {
    const whole = JSON.stringify(
      this.items.map(({ metadata: { name, deletionTimestamp }, ...rest }) => ({
        name,
        deletionTimestamp,
        ...rest,
      })),
      (key, value: unknown) =>
        ['managedFields', 'volumes', 'tolerations'].includes(key) ? undefined : value,
    )
    return whole.length > 3000 ? `${whole.slice(0, 3000)}…` : whole
  }
}

export function record<T extends KubeObject>(
  target: Target,
  plural: Plural,
  namespace: string,
  query: Query = {},
): Recorder<T> {
  return new Recorder<T>(target, pathOf(plural, namespace), query)
}

/** Waits until the objects of a kind satisfy `look`. */
export async function until<T extends KubeObject, V>(
  target: Target,
  plural: Plural,
  namespace: string,
  look: (items: T[]) => V | null | undefined | false,
  what: string,
): Promise<V> {
  const recorder = record<T>(target, plural, namespace)
  try {
    return await recorder.until(({ items }) => look(items), what)
  } finally {
    recorder.stop()
  }
}

/** Waits until one object, by name, satisfies `look`. */
export function untilOne<T extends KubeObject, V>(
  target: Target,
  plural: Plural,
  namespace: string,
  name: string,
  look: (item: T) => V | null | undefined | false,
  what: string,
): Promise<V> {
  return until<T, V>(
    target,
    plural,
    namespace,
    items => {
      const item = items.find(({ metadata }) => metadata.name === name)
      return item === undefined ? null : look(item)
    },
    `${plural} ${name}: ${what}`,
  )
}

export async function untilGone(
  target: Target,
  plural: Plural,
  namespace: string,
  name: string,
): Promise<void> {
  // From the list's own version on, so that it cannot go unseen between the two.
  const { items, metadata } = await target.get<{
    items: KubeObject[]
    metadata: { resourceVersion: string }
  }>(plural, namespace)
  if (items.every(item => item.metadata.name !== name)) return
  const recorder = record(target, plural, namespace, { resourceVersion: metadata.resourceVersion })
  try {
    await recorder.until(
      ({ seen }) => seen.some(({ type, object }) => type === 'DELETED' && object.metadata.name === name),
      `${plural} ${name} gone`,
    )
  } finally {
    recorder.stop()
  }
}
