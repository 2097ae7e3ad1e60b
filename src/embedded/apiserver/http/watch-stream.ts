/**
 * Watches over HTTP (semantics §10.2): one JSON line per change, written as soon as the fan-out delay is over. The text
 * of an object is made once per version, however many watches send it.
 */
import type { KubeObject } from '../../../kube/types.ts'
import type { Timer } from '../../../base/clock.ts'
import { ApiError } from '../../cluster-api.ts'
import type { Change } from '../../store/change-history.ts'
import { stamped } from '../../store/object-store.ts'
import { expired, failure } from '../api-errors.ts'
import type { DelayedQueue } from '../delayed-queue.ts'
import { createDelayedQueue } from '../delayed-queue.ts'
import type { ObjectFilter } from '../label-selector.ts'
import { apiVersionOf } from '../resources.ts'
import { metadataOf, tableOf } from '../tables/table.ts'
import { answerForm } from './accept.ts'
import type { Exchange } from './exchange.ts'
import type { LineStream } from './line-stream.ts'
import { openLineStream } from './line-stream.ts'
import type { ListOptions } from './list-options.ts'
import { listOptions, revisionError, revisionOf } from './list-options.ts'
import { untilRevision } from './pages.ts'
import { jsonTextOf } from './reads.ts'
import type { ResourceRoute } from './route.ts'
import { selectionOf } from './selection.ts'
import type { ServerContext } from './server-context.ts'

type Item =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  | { type: 'BOOKMARK'; revision: number; initial: boolean }
  | { type: 'END' }

/** An object of which only the version counts; it has no name. */
type Bookmark = Pick<KubeObject, 'kind' | 'apiVersion'> & { metadata: Partial<KubeObject['metadata']> }

const bookmarkPeriodMs = 60_000

export async function watchCollection(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): Promise<void> {
  const options = listOptions(exchange.query, true)
  const { matches } = selectionOf(route, exchange.query)
  const write = lineWriter(context, exchange, route)
  const revision = revisionOf(options.resourceVersion)
  if (revision === null) throw failure(500, '', revisionError(options.resourceVersion))
  const stream = openLineStream(exchange, 'application/json')
  try {
    if (options.sendInitialEvents === true) await untilRevision(context, revision)
    stream.onClosed(follow({ context, route, matches, stream, write, options, from: revision }))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    stream.end(`${JSON.stringify({ type: 'ERROR', object: error.status })}\n`)
  }
}

interface Watch {
  context: ServerContext
  route: ResourceRoute
  matches: ObjectFilter
  stream: LineStream
  write: (item: Exclude<Item, { type: 'END' }>) => string
  options: ListOptions
  /** 0 = from now. */
  from: number
}

/** Sends the past, then the present as it comes. Returns what ends it. */
function follow(watch: Watch): () => void {
  const { context, route, matches, stream, write, options } = watch
  const { registry, clock } = context
  const queue = createDelayedQueue<Item>(clock, item =>
    item.type === 'END' ? stream.end() : stream.write(write(item)),
  )
  const pushBookmark = (initial: boolean): void =>
    queue.push({ type: 'BOOKMARK', revision: Math.max(registry.revision(), watch.from), initial }, 0)
  pushPast(watch, queue)
  if (options.sendInitialEvents === true && options.bookmarks) pushBookmark(true)
  // What the initial objects already show must not come again; a version in the future lets nothing through before it.
  const unsubscribe = registry.onChange(route.kind.resource, change => {
    const item = translated(change, matches, watch.from)
    if (item !== null) queue.push(item, registry.fanOutMs())
  })
  let bookmark: Timer | null = null
  const repeatBookmark = (): void => {
    bookmark = clock.after(bookmarkPeriodMs, () => {
      pushBookmark(false)
      repeatBookmark()
    })
  }
  if (options.bookmarks) repeatBookmark()
  const limitSeconds = options.timeoutSeconds === 0 ? registry.watchLimitSeconds() : options.timeoutSeconds
  const limit = clock.after(Math.max(0, limitSeconds) * 1000, () => {
    if (options.bookmarks) pushBookmark(false)
    queue.push({ type: 'END' }, 0)
  })
  return () => {
    unsubscribe()
    queue.stop()
    limit.cancel()
    bookmark?.cancel()
  }
}

function pushPast({ context, route, matches, options, from }: Watch, queue: DelayedQueue<Item>): void {
  const { registry } = context
  const { resource } = route.kind
  if (options.sendInitialEvents ?? from === 0) {
    const namespace = route.namespace === '' ? undefined : route.namespace
    for (const object of registry.snapshot(resource, namespace).items)
      if (matches(object)) queue.push({ type: 'ADDED', object }, 0)
    return
  }
  if (from === 0) return
  const past = registry.changesSince(resource, from)
  if (past === null) throw expired(`too old resource version: ${from} (${registry.oldestRevision()})`)
  for (const change of past) {
    const item = translated(change, matches, from)
    if (item !== null) queue.push(item, 0)
  }
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
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
): (item: Exclude<Item, { type: 'END' }>) => string {
  const { kind } = route
  const form = answerForm(exchange)
  let headings = true
  const bookmarkLine = (object: Bookmark): string => {
    if (form.type === 'json') return JSON.stringify(object)
    return JSON.stringify(form.type === 'metadata' ? metadataOf(object) : bookmarkTable(object))
  }
  const objectLine = (object: KubeObject): string => {
    if (form.type === 'json') return jsonTextOf(context, route, object)
    if (form.type === 'metadata') return JSON.stringify(metadataOf(object))
    const resourceVersion = object.metadata.resourceVersion ?? ''
    const options = { include: form.include, headings, resourceVersion, nowUs: context.clock.nowUs() }
    headings = false
    return JSON.stringify(tableOf(kind, [object], options))
  }
  return item => {
    const text = item.type === 'BOOKMARK' ? bookmarkLine(bookmarkOf(kind, item)) : objectLine(item.object)
    return `{"type":"${item.type}","object":${text}}\n`
  }
}

function bookmarkOf(
  kind: ResourceRoute['kind'],
  { revision, initial }: { revision: number; initial: boolean },
): Bookmark {
  const annotations = initial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  const metadata = { resourceVersion: String(revision), ...annotations }
  return { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata }
}

function bookmarkTable(object: Bookmark): object {
  const { resourceVersion } = object.metadata
  const rows = [{ cells: [], object: metadataOf(object) }]
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion },
    columnDefinitions: null,
    rows,
  }
}
