/**
 * What this cluster publishes beside Kubernetes's API: forwarding tables and container steps as lines of JSON, and where
 * its Services can be dialled, and that it is a model with these settings.
 */
import { toLine } from '../../../base/ndjson.ts'
import { methodNotAllowed } from '../api-errors.ts'
import type { Exchange } from './exchange.ts'
import { sendJson } from './exchange.ts'
import { openLineStream } from './line-stream.ts'
import type { ServerContext } from './server-context.ts'

const oneNode = /^\/rollproof\/v1\/nodes\/([^/]+)\/forwarding$/

/** False when the path is none of the feeds. */
export function streamFeed(context: ServerContext, exchange: Exchange): boolean {
  if (exchange.path === '/rollproof/v1/relays' && exchange.method === 'GET') {
    sendJson(exchange, 200, { relays: context.relays.list() })
    return true
  }
  if (exchange.path === '/rollproof/v1/facts' && exchange.method === 'GET') {
    sendJson(exchange, 200, context.facts)
    return true
  }
  const subscribe = subscriptionFor(context, exchange.path)
  if (subscribe === null) return false
  if (exchange.method !== 'GET') throw methodNotAllowed()
  const stream = openLineStream(exchange, 'application/x-ndjson')
  const stop = subscribe(line => stream.write(toLine(line)))
  stream.onClosed(stop)
  return true
}

type Subscribe = (send: (line: unknown) => void) => () => void

function subscriptionFor({ forwarding, containers }: ServerContext, path: string): Subscribe | null {
  if (path === '/rollproof/v1/containers') return send => containers.subscribe(send)
  if (path === '/rollproof/v1/forwarding') return send => forwarding.subscribe(null, send)
  const node = oneNode.exec(path)?.[1]
  return node === undefined ? null : send => forwarding.subscribe(decodeURIComponent(node), send)
}
