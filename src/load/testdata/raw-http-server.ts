/** A TCP server that reads the heads of HTTP/1.1 requests, and leaves all the rest to the test. */
import { createServer, type AddressInfo, type Socket } from 'node:net'

export interface RawRequest {
  /** 1 on the server's first request. */
  count: number
  id: string
  line: string
  header: (name: string) => string | null
  peer: RawPeer
}

export interface RawPeer {
  write(data: string | Buffer): void
  fin(): void
  reset(): void
  /** Runs once what was written has been read by a client in this same process. */
  later(action: () => void): void
  /** From now on the bytes are this one's, and no further request is looked for. */
  onBytes(take: (bytes: Buffer) => void): void
}

export interface RawServer {
  readonly port: number
  readonly received: RawRequest[]
  /** Requests left without an end. */
  hung: number
  close(): Promise<void>
}

export async function startRawServer(act: (request: RawRequest, server: RawServer) => void): Promise<RawServer> {
  const sockets = new Set<Socket>()
  const listener = createServer({ noDelay: true, allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.end())
    let text = ''
    let take: ((bytes: Buffer) => void) | null = null
    const peer: RawPeer = {
      write: data => void socket.write(data, 'latin1'),
      fin: () => void socket.end(),
      reset: () => void socket.resetAndDestroy(),
      later: action => void setImmediate(() => setImmediate(() => setImmediate(action))),
      onBytes: taker => void (take = taker),
    }
    socket.on('data', bytes => {
      if (take !== null) return take(bytes)
      text += bytes.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return
      const request = readHead(text.slice(0, end + 2), server.received.length + 1, peer)
      text = text.slice(end + 4)
      server.received.push(request)
      act(request, server)
    })
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', 1024, resolve))
  const server: RawServer = {
    port: (listener.address() as AddressInfo).port,
    received: [],
    hung: 0,
    close: () =>
      new Promise(resolve => {
        listener.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return server
}

function readHead(text: string, count: number, peer: RawPeer): RawRequest {
  const header = (name: string): string | null =>
    new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(text)?.[1] ?? null
  const line = text.slice(0, text.indexOf('\r\n'))
  return { count, id: header('x-request-id') ?? '', line, header, peer }
}
