/**
 * Port forwarding in SPDY, as kubectl does it: any number of connections over one socket, each as a pair of streams, one
 * for its bytes and one for an error. The SPDY comes in the messages of a WebSocket, or bare from older clients.
 */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { openWebSocket, type Upgrade } from './channel-socket.ts'
import { forwardError } from './port-forward.ts'
import type { Headers } from './spdy/headers.ts'
import { SpdySession, type Wire } from './spdy/session.ts'
import type { StreamTarget } from './stream-target.ts'

const forwardProtocol = 'portforward.k8s.io'
export const tunnelProtocol = `SPDY/3.1+${forwardProtocol}`
export const spdyUpgrade = 'SPDY/3.1'

/** Through a WebSocket. */
export async function tunnelPorts(target: StreamTarget, upgrade: Upgrade): Promise<void> {
  const socket = await openWebSocket(upgrade, tunnelProtocol)
  const session = forwarding(target, {
    send(bytes, onSent) {
      if (socket.readyState === socket.OPEN) socket.send(bytes, onSent)
      else onSent()
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(1000),
  })
  socket.on('message', (bytes: Buffer) => session.received(bytes))
  // A failed socket is closed too, and that is what counts.
  socket.on('error', () => socket.terminate())
  socket.once('close', () => session.close())
}

export function offersSpdy({ request }: Upgrade): boolean {
  const { upgrade = '', 'x-stream-protocol-version': offered = '' } = request.headers
  const protocols = String(offered).split(',')
  return (
    upgrade.toLowerCase() === spdyUpgrade.toLowerCase() &&
    protocols.some(protocol => protocol.trim() === forwardProtocol)
  )
}

/** Right on the connection. */
export function servePorts(target: StreamTarget, { socket, head }: Upgrade): void {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    `Upgrade: ${spdyUpgrade}`,
    `X-Stream-Protocol-Version: ${forwardProtocol}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const session = forwarding(target, {
    send(bytes, onSent) {
      if (socket.writable) socket.write(bytes, onSent)
      else onSent()
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.end(),
  })
  socket.on('data', (bytes: Buffer) => session.received(bytes))
  socket.once('end', () => session.close())
  socket.once('close', () => session.close())
  session.received(head)
}

interface Pair {
  data: Duplex | null
  error: Duplex | null
}

function forwarding(target: StreamTarget, wire: Wire): SpdySession {
  /** By the client's number of the connection; until the second stream is there. */
  const halves = new Map<string, Pair>()
  return new SpdySession(wire, headers => {
    const type = headers.get('streamtype')
    const port = portIn(headers)
    if (port === null || (type !== 'data' && type !== 'error')) return null
    const request = headers.get('requestid') ?? ''
    const pair = halves.get(request) ?? { data: null, error: null }
    if (pair[type] !== null) return null
    return stream => {
      pair[type] = stream
      halves.set(request, pair)
      const { data, error } = pair
      if (data === null || error === null) return
      halves.delete(request)
      join(target, port, data, error)
    }
  })
}

function portIn(headers: Headers): number | null {
  const text = headers.get('port') ?? ''
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : null
}

function join({ pod, reach }: StreamTarget, port: number, data: Duplex, error: Duplex): void {
  const connection = connect({ ...reach(port), allowHalfOpen: true })
  // The client ends it at once, and sends nothing on it.
  error.resume()
  connection.once('error', (cause: NodeJS.ErrnoException) => {
    error.end(forwardError(pod, port, cause))
    data.end()
  })
  data.once('close', () => connection.destroy())
  data.pipe(connection).pipe(data)
  connection.once('close', () => {
    data.end()
    error.end()
    // What comes for nobody must not stop what comes for others.
    data.resume()
  })
}
