/**
 * Watches over HTTP (semantics §10.2): one JSON line per change, written as soon as the fan-out delay is over. The text
 * of an object is made once per version, however many watches send it.
 */
import type { KubeObject } from '../../../kube/types.ts'
import type { Timer } from '../../../base/clock.ts'
import type { Change } from '../../store/change-history.ts'
import { stamped } from '../../store/object-store.ts'
import { badRequest, expired } from '../api-errors.ts'
import { createDelayedQueue } from '../delayed-queue.ts'
import type { ObjectFilter } from '../label-selector.ts'
import { apiVersionOf } from '../resources.ts'
import { metadataOf, tableOf } from '../tables/table.ts'
import { answerForm } from './accept.ts'
import type { Exchange } from './exchange.ts'
import { openLineStream } from './line-stream.ts'
import type { ResourceRoute } from './route.ts'
import { selectionOf } from './selection.ts'
import type { ServerContext } from './server-context.ts'
import { isSet, numberIn } from './write-options.ts'

type Item =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  | { type: 'BOOKMARK'; revision: number; initial: boolean }
  | { type: 'END' }

const bookmarkPeriodMs = 60_000
/** Real servers draw from 30–60 minutes when the client names no limit. */
const defaultLimitSeconds = 2700

export function watchCollection(context: ServerContext, exchange: Exchange, route: ResourceRoute): void {
  const { registry, clock } = context
  const { query } = exchange
  const { resource } = route.kind
  const matches = selectionOf(route, query)
  const from = startRevision(query)
  const limitSeconds = numberIn(query, 'timeoutSeconds') ?? defaultLimitSeconds
  const bookmarks = isSet(query, 'allowWatchBookmarks')
  const write = lineWriter(context, exchange, route)
  const stream = openLineStream(exchange, 'application/json')
  const past = from === null ? [] : registry.changesSince(resource, from)
  if (past === null) {
    const message = `too old resource version: ${from ?? ''} (${registry.oldestRevision()})`
    stream.end(`${JSON.stringify({ type: 'ERROR', object: expired(message).status })}\n`)
    return
  }

  const queue = createDelayedQueue<Item>(clock, item =>
    item.type === 'END' ? stream.end() : stream.write(write(item)),
  )
  const pushChange = (change: Change, delayMs: number): void => {
    const item = translated(change, matches, from ?? 0)
    if (item !== null) queue.push(item, delayMs)
  }
  const pushBookmark = (initial: boolean): void =>
    queue.push({ type: 'BOOKMARK', revision: registry.revision(), initial }, 0)
  const initialWanted = from === null || isSet(query, 'sendInitialEvents')
  if (initialWanted)
    for (const object of registry.snapshot(resource).items.filter(matches))
      queue.push({ type: 'ADDED', object }, 0)
  else for (const change of past) pushChange(change, 0)
  if (isSet(query, 'sendInitialEvents')) pushBookmark(true)

  const unsubscribe = registry.onChange(resource, change => pushChange(change, registry.fanOutMs()))
  const timers: Timer[] = []
  const repeatBookmark = (): void => {
    pushBookmark(false)
    timers[0] = clock.after(bookmarkPeriodMs, repeatBookmark)
  }
  if (bookmarks) timers[0] = clock.after(bookmarkPeriodMs, repeatBookmark)
  const limit = clock.after(limitSeconds * 1000, () => {
    if (bookmarks) pushBookmark(false)
    queue.push({ type: 'END' }, 0)
  })
  stream.onClosed(() => {
    unsubscribe()
    queue.stop()
    for (const timer of [...timers, limit]) timer.cancel()
  })
}

/** Null = from now, after the objects that there are. */
function startRevision(query: URLSearchParams): number | null {
  const text = query.get('resourceVersion') ?? ''
  if (text === '' || text === '0') return null
  const revision = Number(text)
  if (!Number.isSafeInteger(revision) || revision < 0)
    throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: not a number`)
  return revision
}

/** To a selector, an object that starts to match is new, and one that stops is gone. */
function translated(
  { type, object, previous, revision }: Change,
  matches: ObjectFilter,
  from: number,
): Item | null {
  if (revision <= from) return null
  const before = previous !== null && matches(previous)
  if (type === 'DELETED') return before ? { type, object } : null
  const now = matches(object)
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object }
  return before ? { type: 'DELETED', object: stamped(previous, revision) } : null
}

function lineWriter(
  { registry, clock }: ServerContext,
  exchange: Exchange,
  { kind }: ResourceRoute,
): (item: Exclude<Item, { type: 'END' }>) => string {
  const form = answerForm(exchange)
  let headings = true
  return item => {
    if (item.type === 'BOOKMARK')
      return `${JSON.stringify({ type: 'BOOKMARK', object: form.type === 'metadata' ? { ...bookmarkOf(kind, item), ...partial } : bookmarkOf(kind, item) })}\n`
    if (form.type === 'json') return `{"type":"${item.type}","object":${registry.jsonOf(item.object)}}\n`
    if (form.type === 'metadata')
      return `${JSON.stringify({ type: item.type, object: metadataOf(item.object) })}\n`
    const resourceVersion = item.object.metadata.resourceVersion ?? ''
    const options = { include: form.include, headings, resourceVersion, nowUs: clock.nowUs() }
    headings = false
    return `${JSON.stringify({ type: item.type, object: tableOf(kind.resource, [item.object], options) })}\n`
  }
}

const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }

function bookmarkOf(
  kind: ResourceRoute['kind'],
  { revision, initial }: { revision: number; initial: boolean },
): object {
  const annotations = initial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  return {
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata: { resourceVersion: String(revision), creationTimestamp: null, ...annotations },
  }
}
