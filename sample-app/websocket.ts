/**
 * WebSocket at /socket, by hand (RFC 6455) and no more than a client needs that holds it open: pings and short texts are
 * sent back, goodbyes are returned, and an announced shutdown says 1001 (going away).
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { draining } from './draining.ts'
import { recordAnswered, recordArrived } from './journal.ts'
import type { AppSettings } from './settings.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10]
const GOING_AWAY = Buffer.from([1001 >> 8, 1001 & 255])

export function acceptWebSockets(settings: AppSettings, server: Server): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const key = request.headers['sec-websocket-key']
    if (request.url?.split('?')[0] !== '/socket' || key === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const requestId = request.headers['x-request-id']
    if (typeof requestId === 'string') recordArrived(requestId)
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64')
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\nx-pod: ${settings.podName}\r\nx-version: ${settings.version}\r\n\r\n`,
    )
    converse(socket, head, () => {
      if (typeof requestId === 'string') recordAnswered(requestId)
    })
  })
}

/** `onGoodbye` is called before the last frame is handed to the kernel. */
function converse(socket: Duplex, head: Buffer, onGoodbye: () => void): void {
  let bytes = head
  let leaving = false
  const leave = (): void => {
    leaving = true
    send(socket, CLOSE, GOING_AWAY)
  }
  if (draining.aborted) leave()
  else draining.addEventListener('abort', leave)
  socket.on('close', () => draining.removeEventListener('abort', leave))
  const read = (): void => {
    // Frames of a client are masked, and only short ones are looked for: two bytes, the mask, the payload.
    for (let size = sizeOf(bytes); size !== null && bytes.length >= size; size = sizeOf(bytes)) {
      const opcode = (bytes[0] ?? 0) & 15
      const payload = unmask(bytes.subarray(2, 6), bytes.subarray(6, size))
      bytes = bytes.subarray(size)
      if (opcode === PING || opcode === TEXT) send(socket, opcode === PING ? PONG : TEXT, payload)
      if (opcode !== CLOSE) continue
      onGoodbye()
      if (!leaving) send(socket, CLOSE, payload)
      socket.end()
    }
  }
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    read()
  })
  read()
}

function sizeOf(bytes: Buffer): number | null {
  return bytes.length < 2 ? null : 6 + ((bytes[1] ?? 0) & 127)
}

function unmask(mask: Buffer, payload: Buffer): Buffer {
  return Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)))
}

function send(socket: Duplex, opcode: number | undefined, payload: Buffer): void {
  socket.write(Buffer.concat([Buffer.from([0x80 | (opcode ?? 0), payload.length]), payload]))
}
