/**
 * List, then watch, for ever: what times an experiment must not stop quietly. A watch that ends cleanly is resumed from
 * the last resourceVersion and misses nothing. One that broke off is resumed too, but what happened meanwhile arrives
 * late, so the time in between is told as a gap; so is a re-list after 410.
 */
import type { Clock } from '../base/clock.ts'
import { sleep } from '../base/clock.ts'
import { LineSplitter } from '../base/ndjson.ts'
import { apiErrorCode, KubeApiError } from './api-error.ts'
import type { KubeReader } from './client.ts'
import type { KubeObject, Status, WatchLine } from './types.ts'

export interface WatchHandlers<T extends KubeObject> {
  /** `object` is null when it is gone. Objects of the first list come before `onSynced`. */
  onChange(object: T | null, previous: T | null): void
  onSynced(): void
  /** The watch saw nothing between `fromUs` and now. */
  onGap(fromUs: number, why: string): void
}

export interface WatchPlan<T extends KubeObject> extends WatchHandlers<T> {
  client: KubeReader
  clock: Clock
  signal: AbortSignal
  /** Collection, as `/api/v1/namespaces/default/pods`. */
  path: string
  /** Already encoded, as `labelSelector=app%3Dweb`; empty for none. */
  query: string
}

/** Bookmarks come each minute, so a stream that is silent for longer is dead, not idle. */
const INACTIVITY_LIMIT_MS = 90_000
const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2000

export async function watchCollection<T extends KubeObject>(plan: WatchPlan<T>): Promise<void> {
  const { clock, signal } = plan
  const position: Position<T> = { known: new Map(), resourceVersion: null, lastSeenUs: clock.nowUs() }
  let synced = false
  let backoffMs = FIRST_BACKOFF_MS

  while (!signal.aborted) {
    try {
      if (position.resourceVersion === null) {
        const lastSeenUs = position.lastSeenUs
        await relist(plan, position)
        if (synced) plan.onGap(lastSeenUs, 'the watch had to start again from a list')
        else plan.onSynced()
        synced = true
      }
      await followChanges(plan, position)
      backoffMs = FIRST_BACKOFF_MS
    } catch (error) {
      if (isAborted(signal)) return
      if (apiErrorCode(error) === 410) position.resourceVersion = null
      else if (synced)
        plan.onGap(position.lastSeenUs, error instanceof Error ? error.message : 'it broke off')
      await sleep(clock, backoffMs, signal)
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)
    }
  }
}

/** How far a watch has come. */
interface Position<T extends KubeObject> {
  known: Map<string, T>
  resourceVersion: string | null
  lastSeenUs: number
}

/** Read through a function: the flow analysis does not know that it changes while something is awaited. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}

async function relist<T extends KubeObject>(plan: WatchPlan<T>, position: Position<T>): Promise<void> {
  const { client, path, query, signal } = plan
  const list = await client.request<{ metadata: { resourceVersion: string }; items: T[] }>(
    'GET',
    `${path}?${query}`,
    { signal },
  )
  const listed = new Set(list.items.map(keyOf))
  for (const [key, previous] of position.known) {
    if (listed.has(key)) continue
    position.known.delete(key)
    plan.onChange(null, previous)
  }
  for (const item of list.items) accept(plan, position, item)
  position.resourceVersion = list.metadata.resourceVersion
  position.lastSeenUs = plan.clock.nowUs()
}

function accept<T extends KubeObject>(plan: WatchPlan<T>, { known }: Position<T>, object: T): void {
  const previous = known.get(keyOf(object)) ?? null
  known.set(keyOf(object), object)
  if (previous?.metadata.resourceVersion !== object.metadata.resourceVersion) plan.onChange(object, previous)
}

function keyOf(object: KubeObject): string {
  return object.metadata.uid ?? `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

/** Returns when the server ended the stream cleanly; throws when it broke off, or with code 410. */
async function followChanges<T extends KubeObject>(plan: WatchPlan<T>, position: Position<T>): Promise<void> {
  const { client, clock, path, query, signal } = plan
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  signal.addEventListener('abort', abort, { once: true })
  let idle = clock.after(INACTIVITY_LIMIT_MS, abort)
  const since = position.resourceVersion ?? ''
  try {
    const parameters = `watch=true&allowWatchBookmarks=true&resourceVersion=${since}&${query}`
    const response = await client.open(`${path}?${parameters}`, stop.signal)
    const lines = new LineSplitter(line => acceptLine(plan, position, JSON.parse(line) as WatchLine))
    for await (const chunk of response as AsyncIterable<string>) {
      idle.cancel()
      idle = clock.after(INACTIVITY_LIMIT_MS, abort)
      position.lastSeenUs = clock.nowUs()
      lines.push(chunk)
    }
  } finally {
    idle.cancel()
    signal.removeEventListener('abort', abort)
    stop.abort()
  }
}

function acceptLine<T extends KubeObject>(plan: WatchPlan<T>, position: Position<T>, line: WatchLine): void {
  const { type, object } = line
  if (type === 'ERROR') throw watchError(object)
  position.resourceVersion = object.metadata.resourceVersion ?? position.resourceVersion
  if (type === 'BOOKMARK') return
  if (type !== 'DELETED') return accept(plan, position, object as T)
  const previous = position.known.get(keyOf(object))
  position.known.delete(keyOf(object))
  if (previous !== undefined) plan.onChange(null, previous)
}

/** The object of an ERROR line is a Status. */
function watchError(object: unknown): KubeApiError {
  const status = object as Status
  return new KubeApiError(status.code ?? 500, status, 'watch')
}
