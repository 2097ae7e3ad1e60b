/**
 * A stream can stand still without breaking off: a proxy that holds it back, a network that drops its packets. It looks
 * like a collection in which nothing happens. So from time to time the collection is listed, and what the list shows, the
 * watch must have shown a second later.
 */
import { sleep, type Clock } from '../base/clock.ts'
import type { KubeReader } from './client.ts'
import type { KubeObject } from './types.ts'

export interface StallPlan {
  client: KubeReader
  clock: Clock
  signal: AbortSignal
  path: string
  query: string
}

export interface Seen<T extends KubeObject> {
  known: ReadonlyMap<string, T>
  resourceVersion: string | null
  lastSeenUs: number
}

const CHECK_MS = 5000
/** A watch is behind a list by milliseconds; this is for a machine that is busy. */
const BEHIND_LIMIT_MS = 1500
const ANSWER_LIMIT_MS = 4000
/** One list that is not answered may be chance. */
const SILENT_CHECKS = 2

/** Ends with the signal, or once it has found a stall. */
export async function watchTheWatch<T extends KubeObject>(
  plan: StallPlan,
  seen: Seen<T>,
  { onAlive, onStalled }: { onAlive: () => void; onStalled: () => void },
): Promise<void> {
  const { clock, signal } = plan
  let silent = 0
  for (;;) {
    await sleep(clock, CHECK_MS, signal)
    if (signal.aborted) return
    const knownBefore = [...seen.known.keys()]
    const listed = await list(plan)
    if (isAborted(signal)) return
    silent = listed === null ? silent + 1 : 0
    if (silent === SILENT_CHECKS) return onStalled()
    if (listed === null) continue
    const missing = knownBefore.filter(key => !listed.versions.has(key))
    if (unseen(listed, missing, seen)) {
      await sleep(clock, BEHIND_LIMIT_MS, signal)
      if (isAborted(signal)) return
      if (unseen(listed, missing, seen)) return onStalled()
    }
    onAlive()
    seen.lastSeenUs = Math.max(seen.lastSeenUs, listed.askedUs)
  }
}

/** Read through a function: it changes while something is awaited. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted

interface Listed {
  askedUs: number
  /** By the same keys as the watch's. */
  versions: Map<string, string>
}

/** Null when there was no answer. */
async function list({ client, clock, signal, path, query }: StallPlan): Promise<Listed | null> {
  const askedUs = clock.nowUs()
  const late = new AbortController()
  const timer = clock.after(ANSWER_LIMIT_MS, () => late.abort())
  try {
    const { items } = await client.request<{ items: KubeObject[] }>('GET', `${path}?${query}`, {
      signal: AbortSignal.any([signal, late.signal]),
    })
    const versions = items.map(item => [keyOf(item), item.metadata.resourceVersion ?? ''] as const)
    return { askedUs, versions: new Map(versions) }
  } catch {
    return null
  } finally {
    timer.cancel()
  }
}

/** Whether the list shows a change that the watch has not come to. `missing`: known when it was asked for, and not in it. */
function unseen<T extends KubeObject>(
  { versions }: Listed,
  missing: readonly string[],
  { known, resourceVersion }: Seen<T>,
): boolean {
  const changed = [...versions].some(([key, version]) => {
    const ours = known.get(key)?.metadata.resourceVersion ?? null
    return ours !== version && !isBehind(version, ours) && !isBehind(version, resourceVersion)
  })
  return changed || missing.some(key => known.has(key))
}

/** The watch has come past that version. */
function isBehind(version: string, position: string | null): boolean {
  const numeric = /^\d+$/
  if (position === null || !numeric.test(version) || !numeric.test(position)) return false
  return BigInt(version) <= BigInt(position)
}

export function keyOf(object: KubeObject): string {
  return object.metadata.uid ?? `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}
