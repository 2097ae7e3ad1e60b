/**
 * List, then watch, for ever: what times an experiment must not stop quietly. A watch that ends cleanly is resumed from
 * the last resourceVersion and misses nothing. One that broke off is resumed too, but what happened meanwhile arrives
 * late, so the time until it sees again is told as a gap; so is a re-list after 410, and a stream that stands still while
 * the collection changes.
 */
import type { Clock } from '../base/clock.ts'
import { sleep } from '../base/clock.ts'
import { LineSplitter } from '../base/ndjson.ts'
import { apiErrorCode, KubeApiError } from './api-error.ts'
import type { KubeReader } from './client.ts'
import type { KubeObject, Status, WatchLine } from './types.ts'
import { keyOf, watchTheWatch } from './watch-stall.ts'

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
/** A server that ends streams sooner is not asked again at once, for ever. */
const SHORT_STREAM_US = 1_000_000

export async function watchCollection<T extends KubeObject>(plan: WatchPlan<T>): Promise<void> {
  const { clock, signal } = plan
  const position = newPosition<T>(clock.nowUs())
  const lastWord = (): void => seeAgain(plan, position)
  // Whoever stops watching while nothing is seen would otherwise never hear of it. Told at once: the recording closes.
  signal.addEventListener('abort', lastWord, { once: true })
  let backoffMs = FIRST_BACKOFF_MS
  let shortStreams = 0

  while (!signal.aborted) {
    const beganUs = clock.nowUs()
    try {
      if (position.resourceVersion === null) await listAnew(plan, position)
      await followChanges(plan, position)
      backoffMs = FIRST_BACKOFF_MS
      shortStreams = clock.nowUs() - beganUs < SHORT_STREAM_US ? shortStreams + 1 : 0
      if (shortStreams < 2) continue
      loseSight(position, 'the server ended the watch at once, again and again')
      backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** shortStreams, MAX_BACKOFF_MS)
    } catch (error) {
      if (isAborted(signal)) break
      if (apiErrorCode(error) === 410) {
        position.resourceVersion = null
        loseSight(position, 'the watch had to start again from a list')
      } else loseSight(position, error instanceof Error ? error.message : 'it broke off')
    }
    await sleep(clock, backoffMs, signal)
    backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS)
  }
  signal.removeEventListener('abort', lastWord)
}

/** How far a watch has come. */
interface Position<T extends KubeObject> {
  known: Map<string, T>
  resourceVersion: string | null
  lastSeenUs: number
  synced: boolean
  /** Since when nothing is seen, and why; null while the watch sees. */
  blind: { sinceUs: number; why: string } | null
}

function newPosition<T extends KubeObject>(nowUs: number): Position<T> {
  return { known: new Map(), resourceVersion: null, lastSeenUs: nowUs, synced: false, blind: null }
}

/** The gap begins with what was seen last, and lasts until something is seen again. */
function loseSight<T extends KubeObject>(position: Position<T>, why: string): void {
  if (position.synced) position.blind ??= { sinceUs: position.lastSeenUs, why }
}

function seeAgain<T extends KubeObject>(plan: WatchPlan<T>, position: Position<T>): void {
  const { blind } = position
  position.blind = null
  if (blind !== null) plan.onGap(blind.sinceUs, blind.why)
}

async function listAnew<T extends KubeObject>(plan: WatchPlan<T>, position: Position<T>): Promise<void> {
  await relist(plan, position)
  if (position.synced) seeAgain(plan, position)
  else plan.onSynced()
  position.synced = true
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

/** Returns when the server ended the stream cleanly; throws when it broke off, or with code 410. */
async function followChanges<T extends KubeObject>(plan: WatchPlan<T>, position: Position<T>): Promise<void> {
  const { client, clock, path, query, signal } = plan
  const stop = new AbortController()
  let why: string | null = null
  const endBecause = (reason: string): void => {
    why ??= reason
    stop.abort()
  }
  const onAbort = (): void => stop.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  const isDead = (): void => endBecause(`nothing came for ${INACTIVITY_LIMIT_MS / 1000} s`)
  let idle = clock.after(INACTIVITY_LIMIT_MS, isDead)
  const onAlive = (): void => {
    idle.cancel()
    idle = clock.after(INACTIVITY_LIMIT_MS, isDead)
  }
  const since = position.resourceVersion ?? ''
  try {
    const parameters = `watch=true&allowWatchBookmarks=true&resourceVersion=${since}&${query}`
    const response = await client.open(`${path}?${parameters}`, stop.signal)
    seeAgain(plan, position)
    const onStalled = (): void => endBecause('it showed nothing of what had changed')
    void watchTheWatch({ ...plan, signal: stop.signal }, position, { onAlive, onStalled })
    const lines = new LineSplitter(line => acceptLine(plan, position, JSON.parse(line) as WatchLine))
    for await (const chunk of response as AsyncIterable<string>) {
      onAlive()
      position.lastSeenUs = clock.nowUs()
      lines.push(chunk)
    }
  } catch (error) {
    throw reasonOr(error, why)
  } finally {
    idle.cancel()
    signal.removeEventListener('abort', onAbort)
    stop.abort()
  }
}

/** Why we ended the stream ourselves says more than that it was ended. */
const reasonOr = (error: unknown, why: string | null): unknown =>
  why === null ? error : new Error(why, { cause: error })

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
