/**
 * Requests that ask to go on as something else than HTTP. Streams to pods do, as WebSockets; forwarded ports as SPDY too.
 * Any other request is served as if it had not asked, as a server may: clients in Java offer HTTP/2 in this way with every
 * first request.
 */
import type { IncomingMessage, Server } from 'node:http'
import { badRequest } from '../../api-errors.ts'
import type { Exchange } from '../exchange.ts'
import { sendText } from '../exchange.ts'
import type { ResourceRoute } from '../route.ts'
import { parseResourcePath } from '../route.ts'
import type { ServerContext } from '../server-context.ts'
import { attach } from './attach.ts'
import { offeredProtocols, type Upgrade } from './channel-socket.ts'
import { commandProtocols, execute } from './remote-command.ts'
import { channelProtocol, forwardPorts, portsOf } from './port-forward.ts'
import { offersSpdy, servePorts, spdyUpgrade, tunnelPorts, tunnelProtocol } from './port-tunnel.ts'
import { kubeletError, streamTarget } from './stream-target.ts'

/** Null when the path names no stream. */
export function streamRoute(path: string): ResourceRoute | null {
  const route = parseResourcePath(path)
  const subresource = route?.subresource
  return subresource === 'exec' || subresource === 'attach' || subresource === 'portforward' ? route : null
}

/** A stream asked for by a plain request. */
export function requireUpgrade(context: ServerContext, exchange: Exchange, route: ResourceRoute): void {
  streamTarget(context, route, exchange.query)
  throw badRequest('Upgrade request required')
}

export async function openStream(
  context: ServerContext,
  exchange: Exchange,
  route: ResourceRoute,
  upgrade: Upgrade,
): Promise<void> {
  const { query, request } = exchange
  const target = streamTarget(context, route, query)
  const { subresource } = route
  const forwards = subresource === 'portforward'
  const bare = forwards && offersSpdy(upgrade)
  if (!bare && (request.headers.upgrade ?? '').toLowerCase() !== 'websocket')
    throw badRequest(
      'unable to upgrade connection: SPDY/3.1 is not served, only WebSockets with channels are',
    )
  const served = forwards ? forwardProtocols : commandProtocols
  const protocol = bare ? spdyUpgrade : offeredProtocols(request).find(name => served.includes(name))
  if (protocol === undefined) {
    sendText(exchange, 403, '', 'text/plain')
    return
  }
  const ports = forwards && protocol === channelProtocol ? portsOf(query) : []
  if (forwards && target.pod.status?.phase !== 'Running')
    throw kubeletError(`pod not found ("${route.name}_${route.namespace}")`)
  exchange.response.detachSocket(request.socket)
  if (subresource === 'exec') await execute(context, target, query, upgrade, protocol)
  else if (subresource === 'attach') await attach(context, target, query, upgrade, protocol)
  else if (bare) servePorts(target, upgrade)
  else if (protocol === tunnelProtocol) await tunnelPorts(target, upgrade)
  else await forwardPorts(target, ports, upgrade, protocol)
}

/** kubectl offers only the tunnel; other clients know the channels. */
const forwardProtocols = [tunnelProtocol, channelProtocol]

/** Hands the request to the server again, without the wish. */
export function serveWithoutUpgrade(server: Server, { request, socket, head }: Upgrade): void {
  const { method = 'GET', url = '/', httpVersion } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`, ...headerLines(request), '', '']
  socket.unshift(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), head]))
  server.emit('connection', socket)
}

const aboutUpgrade = new Set(['upgrade', 'connection', 'http2-settings'])

function headerLines({ rawHeaders }: IncomingMessage): string[] {
  const lines: string[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    if (!aboutUpgrade.has(name.toLowerCase())) lines.push(`${name}: ${value}`)
  }
  return lines
}
