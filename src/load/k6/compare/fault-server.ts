/**
 * A server that does a fault to each n-th request and answers the others, and keeps the truth: which requests it did it
 * to, and how often each came. Loopback only.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { systemClock } from '../../../base/clock.ts'
import type { Misdeed } from './faults.ts'

const RESET_AFTER_MS = 50

export interface FaultTruth {
  /** Different requests that came. */
  arrived: number
  /** Requests (by their ids) to which the fault was done. */
  injected: number
  /** Arrivals beyond the first of each request: what the client sent again by itself. */
  sentAgain: number
}

export interface FaultServer {
  readonly port: number
  truth(): FaultTruth
  close(): Promise<void>
}

/** A kept connection is spared at its first request, so that the fault meets one that has proved itself. */
export async function startFaultServer(
  misdeed: Misdeed,
  everyNth: number,
  sparesFirst: boolean,
): Promise<FaultServer> {
  const sockets = new Set<Socket>()
  const arrivals = new Map<string, number>()
  const injected = new Set<string>()
  let candidates = 0
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let text = ''
    let use = 0
    socket.on('data', bytes => {
      text += bytes.toString('latin1')
      const length = requestLength(text)
      if (length === null) return
      const request = readRequest(text.slice(0, length))
      text = text.slice(length)
      use += 1
      arrivals.set(request.id, (arrivals.get(request.id) ?? 0) + 1)
      if ((sparesFirst && use === 1) || ++candidates % everyNth !== 0) return answer(socket, request)
      injected.add(request.id)
      act(socket, request, misdeed)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 1024, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    truth: () => ({
      arrived: arrivals.size,
      injected: injected.size,
      sentAgain: [...arrivals.values()].reduce((sum, times) => sum + times - 1, 0),
    }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** A port where nobody listens: taken, and given back. */
export async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>(resolve => server.close(() => resolve()))
  return port
}

interface Request {
  id: string
  body: string
  wantsClose: boolean
}

function requestLength(text: string): number | null {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return null
  const length = head + 4 + Number(/^content-length: (\d+)/im.exec(text.slice(0, head))?.[1] ?? 0)
  return text.length < length ? null : length
}

function readRequest(text: string): Request {
  const head = text.slice(0, text.indexOf('\r\n\r\n'))
  return {
    id: /^x-request-id: (\S+)/im.exec(head)?.[1] ?? '',
    body: text.slice(head.length + 4),
    wantsClose: /^connection: close/im.test(head),
  }
}

function headOf(id: string, status: string, length: number): string {
  return `HTTP/1.1 ${status}\r\nx-pod: fault-server\r\nx-request-id: ${id}\r\nContent-Length: ${length}\r\n`
}

function answer(socket: Socket, { id, body, wantsClose }: Request): void {
  const text = body === '' ? 'hello' : body
  const end = wantsClose ? 'Connection: close\r\n' : ''
  socket.write(`${headOf(id, '200 OK', text.length)}${end}\r\n${text}`, 'latin1')
  if (wantsClose) socket.end()
}

function act(socket: Socket, request: Request, misdeed: Misdeed): void {
  const half = `${headOf(request.id, '200 OK', 1000)}\r\nhalf of it`
  switch (misdeed) {
    case 'close-unanswered':
      return void socket.end()
    case 'reset-unanswered':
      return void socket.resetAndDestroy()
    case 'close-in-body':
      return void socket.end(half)
    case 'reset-in-body':
      socket.write(half)
      // The client is to have the half before the reset, which would else speak for both.
      return void systemClock.after(RESET_AFTER_MS, () => socket.resetAndDestroy())
    case 'unavailable':
      return void socket.end(`${headOf(request.id, '503 Service Unavailable', 0)}Connection: close\r\n\r\n`)
    case 'silence':
      return
    case 'another-answer':
      return answer(socket, { ...request, id: `${request.id}0` })
  }
}
