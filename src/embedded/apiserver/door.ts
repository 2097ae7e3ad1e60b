/**
 * What keeps strangers out before anything is read: bounds that a slow or greedy client meets, and the check of the name
 * by which we were called. A page in a browser can make a name of its own resolve to 127.0.0.1; it cannot make its
 * requests carry an address or `localhost` as their host. The token would stop it too; this stops it earlier.
 */
import type { ServerOptions } from 'node:http'
import { isIP } from 'node:net'

/** Longer than any client's pool keeps a connection, so that a request never meets a closing one. */
const keepAliveMs = 300_000

export const doorBounds: ServerOptions = {
  keepAliveTimeout: keepAliveMs,
  /** From the first byte of a request to the last of its head, and of its body. */
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 2000,
  maxHeaderSize: 16_384,
}

/** A watch holds one; a busy run holds about thirty. */
export const connectionLimit = 2000

/** `host` as in the request's Host header. */
export function isLocalHost(host: string | undefined): boolean {
  if (host === undefined) return true
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d*$/, '')
  return isIP(name) !== 0 || name.toLowerCase() === 'localhost'
}
