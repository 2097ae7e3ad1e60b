/**
 * The API server's door: HTTP on loopback with a bearer token. One request is handled in one turn of the event loop
 * (but for reading its body), so that writes cannot race.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Settings } from '../settings.ts'
import { failure } from './api-errors.ts'
import { connectionLimit, doorBounds, isLocalHost } from './door.ts'
import { dispatch } from './http/dispatch.ts'
import type { Exchange } from './http/exchange.ts'
import { sendError, sendText } from './http/exchange.ts'
import type { ServerContext } from './http/server-context.ts'

export interface ApiServerOptions extends ServerContext {
  settings: Settings
  token: string
  /** 0 = any free one. */
  port: number
  host: '127.0.0.1'
}

export interface ApiServer {
  url: string
  /** Ends open watches too, by destroying their sockets. */
  close(): Promise<void>
}

export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const expected = digest(`Bearer ${options.token}`)
  const server = createServer(doorBounds, (request, response) => {
    void answer(options, expected, request, response)
  })
  server.maxConnections = connectionLimit
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${options.host}:${port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  context: ServerContext,
  expected: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = parseUrl(request.url ?? '/')
  const method = request.method ?? 'GET'
  const [prefix, path] = splitTokenPrefix(url.pathname)
  const authorization =
    prefix === '' ? request.headers.authorization : `Bearer ${prefix.slice(tokenPrefix.length)}`
  const exchange: Exchange = { request, response, method, prefix, path, query: url.searchParams }
  request.on('error', () => response.destroy())
  try {
    if (!isLocalHost(request.headers.host))
      throw failure(421, 'Misdirected', 'this server is called otherwise')
    if (isHealthCheck(path)) sendText(exchange, 200, 'ok', 'text/plain')
    else if (!timingSafeEqual(digest(authorization ?? ''), expected))
      throw failure(401, 'Unauthorized', 'Unauthorized')
    else await dispatch(context, exchange)
  } catch (error) {
    sendError(exchange, error)
  }
}

/**
 * kubectl sends no bearer token over plain HTTP, whatever its kubeconfig says (client-go takes credentials for TLS
 * alone), but it keeps a path in its server's URL. So `<url>/token/<token>` is the server for kubectl.
 */
const tokenPrefix = '/token/'

function splitTokenPrefix(path: string): [prefix: string, path: string] {
  if (!path.startsWith(tokenPrefix)) return ['', path]
  const end = path.indexOf('/', tokenPrefix.length)
  return end < 0 ? [path, '/'] : [path.slice(0, end), path.slice(end)]
}

function isHealthCheck(path: string): boolean {
  return path === '/healthz' || path === '/livez' || path === '/readyz'
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** A target that is no URL becomes a path that names nothing. */
function parseUrl(target: string): URL {
  try {
    return new URL(target, 'http://server')
  } catch {
    return new URL('http://server/-')
  }
}
