/**
 * A server that speaks HTTP/2 frame by frame, just enough to go wrong on purpose, and keeps its own account of what it
 * received: the ground truth for the channel. Its encoding is its own.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { onFrames } from './client-frames.ts'


export interface Http2Request {
  /** 1 on the server's first request. */
  count: number
  /** 1 on the connection's first. */
  use: number
  streamId: number
  id: string
  post: boolean
  peer: Http2Peer
}

export interface Http2Peer {
  frame(type: number, flags: number, streamId: number, payload?: Buffer | string): void
  raw(bytes: Buffer | string): void
  fin(): void
  reset(): void
  /** Runs once what was written has been read by a client in this same process. */
  later(action: () => void): void
}

export interface FaultServer {
  readonly port: number
  readonly received: Http2Request[]
  readonly connections: number
  /** What the peers told us: frames that are neither HEADERS nor DATA, as `type:streamId`. */
  readonly told: string[]
  hung: number
  close(): Promise<void>
}

export type Settings = readonly (readonly [id: number, value: number])[]

export async function startFaultServer(
  act: (request: Http2Request, server: FaultServer) => void,
  settings: Settings = [],
): Promise<FaultServer> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true, allowHalfOpen: true }, socket => {
    counts.connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.end())
    const peer = peerOf(socket)
    peer.frame(4, 0, 0, settingsPayload(settings))
    readFrames(socket, peer)
  })
  const counts = { connections: 0 }
  const readFrames = (socket: Socket, peer: Http2Peer): void => {
    let use = 0
    const waiting = new Map<number, Http2Request>()
    onFrames(socket, ({ type, flags, streamId, payload }) => {
        if (type === 1) {
          use += 1
          const block = payload.toString('latin1')
          const post = block.includes('POST')
          const count = account.received.length + 1
          const request = { count, use, streamId, id: field(block, 'x-request-id'), post, peer }
          account.received.push(request)
          waiting.set(streamId, request)
        } else if (type === 4 && (flags & 1) === 0) peer.frame(4, 1, 0)
        else if (type !== 0) account.told.push(`${type}:${streamId}`)
        // The account's own windows are never the limit of what it is sent here, but for the first 65,535 bytes.
        if (type === 0 && payload.length > 0) {
          for (const id of [0, streamId]) peer.frame(8, 0, id, uint32(payload.length))
        }
        const request = waiting.get(streamId)
        if ((type === 0 || type === 1) && (flags & 1) === 1 && request !== undefined) {
          waiting.delete(streamId)
          act(request, account)
        }
    })
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 1024, resolve))
  const account: FaultServer = {
    port: (server.address() as AddressInfo).port,
    received: [],
    told: [],
    hung: 0,
    get connections() {
      return counts.connections
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return account
}

/** The value of a field that was sent as a literal, without Huffman. */
function field(block: string, name: string): string {
  const at = block.indexOf(name) + name.length
  return block.slice(at + 1, at + 1 + block.charCodeAt(at))
}

function peerOf(socket: Socket): Http2Peer {
  return {
    frame(type, flags, streamId, payload = '') {
      socket.write(frameOf(type, flags, streamId, payload))
    },
    raw: bytes => void socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    fin: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    later: action => void setImmediate(() => setImmediate(() => setImmediate(action))),
  }
}

export function frameOf(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, body])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function settingsPayload(settings: Settings): Buffer {
  return Buffer.concat(
    settings.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), uint32(value)])),
  )
}

/** A block of literals; `:status` by its number in the static table where it has one. */
export function block(fields: Record<string, string>): Buffer {
  const parts = Object.entries(fields).map(([name, value]) => {
    if (name === ':status' && value === '200') return Buffer.from([0x88])
    const literal = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])
    return Buffer.concat([Buffer.from([0]), literal(name), literal(value)])
  })
  return Buffer.concat(parts)
}

export function goaway(lastStreamId: number, code: number): Buffer {
  return Buffer.concat([uint32(lastStreamId), uint32(code), Buffer.from('bye')])
}
