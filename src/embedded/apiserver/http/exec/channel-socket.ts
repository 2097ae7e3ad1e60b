/**
 * Channels over one WebSocket: the first byte of a message names the channel. Neither side is buffered for without bound:
 * a source rests while the client does not read, and the client rests while a sink is full.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { WebSocket } from 'ws'

const unsentLimitBytes = 1024 * 1024
const messageLimitBytes = 16 * 1024 * 1024
/** In the newest protocol, a message on this channel names a channel that its sender has closed. */
const closeChannel = 255

export interface Upgrade {
  request: IncomingMessage
  socket: Duplex
  /** What the client sent after its head. */
  head: Buffer
}

/** The protocols that a client offers, in its order. */
export function offeredProtocols({ headers }: IncomingMessage): string[] {
  const text = headers['sec-websocket-protocol'] ?? ''
  return text
    .split(',')
    .map(protocol => protocol.trim())
    .filter(protocol => protocol !== '')
}

/** Loaded when the first client comes: a cluster without one starts without it. */
export async function openWebSocket(
  { request, socket, head }: Upgrade,
  protocol: string,
): Promise<WebSocket> {
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: messageLimitBytes,
  })
  // The tunnel's name has a slash, which `ws` refuses, since no name of a protocol may have one; so it sees none.
  delete request.headers['sec-websocket-protocol']
  server.on('headers', lines => lines.push(`Sec-WebSocket-Protocol: ${protocol}`))
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(new Error('the client went away')))
    server.handleUpgrade(request, socket, head, resolve)
  })
}

export class ChannelSocket {
  readonly #socket: WebSocket
  readonly #sinks = new Map<number, Writable>()

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (message: Buffer) => this.#received(message))
    // A failed socket is closed too, and that is what counts.
    socket.on('error', () => socket.terminate())
  }

  onClosed(action: () => void): void {
    this.#socket.once('close', action)
  }

  send(channel: number, bytes: Buffer, onSent?: () => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(Buffer.concat([Buffer.from([channel]), bytes]), onSent)
  }

  /** Sends all that the source gives. */
  sendFrom(source: Readable, channel: number): void {
    source.on('data', (chunk: Buffer) => {
      this.send(channel, chunk, () => {
        if (this.#socket.bufferedAmount <= unsentLimitBytes) source.resume()
      })
      if (this.#socket.bufferedAmount > unsentLimitBytes) source.pause()
    })
  }

  /** What comes on the channel goes to the sink, which ends when the client closes the channel. */
  receiveInto(channel: number, sink: Writable): void {
    this.#sinks.set(channel, sink)
    sink.on('drain', () => this.#socket.resume())
    sink.on('close', () => {
      this.#sinks.delete(channel)
      this.#socket.resume()
    })
  }

  close(): void {
    this.#socket.close(1000)
  }

  #received(message: Buffer): void {
    const [channel = closeChannel, closed = closeChannel] = message
    if (channel === closeChannel) {
      this.#sinks.get(closed)?.end()
      return
    }
    const sink = this.#sinks.get(channel)
    if (sink === undefined || sink.writableEnded || sink.destroyed || message.length === 1) return
    if (!sink.write(message.subarray(1))) this.#socket.pause()
  }
}
