/**
 * The API server's door: HTTP on loopback with a bearer token. One request is handled in one turn of the event loop
 * (but for reading its body), so that writes cannot race.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Settings } from '../settings.ts'
import { failure } from './api-errors.ts'
import { connectionLimit, doorBounds, isLocalHost } from './door.ts'
import { dispatch } from './http/dispatch.ts'
import type { Exchange } from './http/exchange.ts'
import { sendError } from './http/exchange.ts'
import type { Upgrade } from './http/exec/channel-socket.ts'
import { openStream, serveWithoutUpgrade, streamRoute } from './http/exec/upgrade.ts'
import { answerPublic } from './http/public-answers.ts'
import type { ResourceRoute } from './http/route.ts'
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
    void answer(options, expected, exchangeOf(request, response))
  })
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    const upgrade = { request, socket, head }
    const { pathname } = parseUrl(request.url ?? '/')
    const route = streamRoute(splitTokenPrefix(pathname)[1])
    if (route === null) {
      serveWithoutUpgrade(server, upgrade)
      return
    }
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    void upgradeTo(options, expected, route, upgrade)
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
        for (const socket of upgraded) socket.destroy()
      }),
  }
}

function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const url = parseUrl(request.url ?? '/')
  const [prefix, path] = splitTokenPrefix(url.pathname)
  request.on('error', () => response.destroy())
  return { request, response, method: request.method ?? 'GET', prefix, path, query: url.searchParams }
}

async function answer(context: ServerContext, expected: Buffer, exchange: Exchange): Promise<void> {
  try {
    refuseStrangers(exchange)
    if (isAnonymous(exchange) && answerPublic(context, exchange)) return
    authenticate(exchange, expected)
    await dispatch(context, exchange)
  } catch (error) {
    sendError(exchange, error)
  }
}

/** Until the stream is open, an answer is a plain one, and the last on its connection. */
async function upgradeTo(
  context: ServerContext,
  expected: Buffer,
  route: ResourceRoute,
  upgrade: Upgrade,
): Promise<void> {
  const { request, socket } = upgrade
  socket.on('error', () => socket.destroy())
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(request.socket)
  response.once('finish', () => socket.end())
  const exchange = exchangeOf(request, response)
  try {
    refuseStrangers(exchange)
    authenticate(exchange, expected)
    await openStream(context, exchange, route, upgrade)
  } catch (error) {
    if (response.socket === null) socket.destroy()
    else sendError(exchange, error)
  }
}

function refuseStrangers({ request }: Exchange): void {
  if (!isLocalHost(request.headers.host)) throw failure(421, 'Misdirected', 'this server is called otherwise')
}

function isAnonymous({ request, prefix, method }: Exchange): boolean {
  return method === 'GET' && prefix === '' && request.headers.authorization === undefined
}

function authenticate(exchange: Exchange, expected: Buffer): void {
  const { request, prefix } = exchange
  const given = prefix === '' ? request.headers.authorization : `Bearer ${prefix.slice(tokenPrefix.length)}`
  if (!timingSafeEqual(digest(given ?? ''), expected))
    throw failure(401, 'Unauthorized', whyUnknown(exchange))
}

/** kubectl prints the message in brackets, so it can say what to do. */
function whyUnknown({ request, prefix, path }: Exchange): string {
  if (prefix !== '' || !(request.headers['user-agent'] ?? '').startsWith('kubectl/')) return 'Unauthorized'
  return `Unauthorized: before 1.34, --raw leaves out the path in the server's URL, where the token stands; write --raw '/token/<token>${path}'`
}

/**
 * kubectl sends no bearer token over plain HTTP, whatever its kubeconfig says (client-go takes credentials for TLS
 * alone), but it keeps a path in its server's URL. So `<url>/token/<token>` is the server for kubectl. With `--raw`,
 * versions before 1.34 leave even that path out: such a request is a stranger's, unless its user wrote the path again.
 * Newer ones then say it twice.
 */
const tokenPrefix = '/token/'

function splitTokenPrefix(path: string): [prefix: string, path: string] {
  if (!path.startsWith(tokenPrefix)) return ['', path]
  const end = path.indexOf('/', tokenPrefix.length)
  if (end < 0) return [path, '/']
  const [prefix, rest] = [path.slice(0, end), path.slice(end)]
  return [prefix, rest.startsWith(`${prefix}/`) ? rest.slice(prefix.length) : rest]
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
