/**
 * A server that goes wrong on purpose, each time as told, and keeps its own account: which request met which fault. It
 * speaks plain TCP or TLS, and what it did is the ground truth that a driver's books must equal.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { TLSSocket, createSecureContext } from 'node:tls'
import { certificate, privateKey } from './certificate.ts'
import {
  acceptFaults,
  requestFaults,
  type AcceptFault,
  type Peer,
  type PeerRequest,
  type RequestFault,
} from './faults.ts'

export interface FaultScript {
  /** On the server's `count`th request (from 1), the connection's `use`th. */
  onRequest(count: number, use: number): RequestFault
  /** On the server's `count`th connection; null or absent: it is served. */
  onAccept?(count: number): AcceptFault | null
}

export interface FaultServer {
  readonly port: number
  /** By request id, in order of arrival: what was done to it. */
  readonly account: ReadonlyMap<string, RequestFault>
  /** What was done to connections before a request of theirs was read. */
  readonly accepted: readonly AcceptFault[]
  /** What came outside the driver's books. */
  readonly probes: readonly string[]
  /** Requests that came twice, or on a connection that was done with: must stay empty. */
  readonly irregular: readonly string[]
  readonly connections: number
  /** Connections that the client has not ended. */
  readonly open: number
  close(): Promise<void>
}

export async function startFaultServer(
  script: FaultScript,
  options: { tls?: boolean } = {},
): Promise<FaultServer> {
  const account = new Map<string, RequestFault>()
  const accepted: AcceptFault[] = []
  const probes: string[] = []
  const irregular: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer({ noDelay: true, allowHalfOpen: true }, raw => {
    connections += 1
    sockets.add(raw)
    raw.on('close', () => sockets.delete(raw))
    raw.on('error', () => raw.destroy())
    const fault = script.onAccept?.(connections) ?? null
    if (fault !== null) {
      accepted.push(fault)
      return acceptFaults[fault].strike(peerOf(raw, raw))
    }
    const stream = options.tls === true ? secured(raw) : raw
    let usable = true
    onRequests(stream, (request, use) => {
      // Whether the service is there is asked outside the books, and it is.
      if (request.id.startsWith('probe-')) {
        probes.push(request.id)
        return requestFaults.answer.strike(peerOf(raw, stream), request)
      }
      if (account.has(request.id)) irregular.push(`${request.id} came twice`)
      if (!usable) irregular.push(`${request.id} came on a connection that was done with`)
      const name = script.onRequest(account.size + 1, use)
      account.set(request.id, name)
      usable = requestFaults[name].reusable
      requestFaults[name].strike(peerOf(raw, stream), request)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 1024, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    account,
    accepted,
    probes,
    irregular,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** TLS by hand over the raw socket, which alone can send an RST. */
function secured(raw: Socket): TLSSocket {
  const secureContext = createSecureContext({ key: privateKey, cert: certificate })
  const stream = new TLSSocket(raw, { isServer: true, secureContext })
  stream.on('error', () => raw.destroy())
  return stream
}

function onRequests(stream: Socket, take: (request: PeerRequest, use: number) => void): void {
  let text = ''
  let use = 0
  stream.on('data', bytes => {
    text += bytes.toString('latin1')
    for (let length = requestLength(text); length !== null; length = requestLength(text)) {
      use += 1
      const whole = text.slice(0, length)
      text = text.slice(length)
      take({ id: /x-request-id: (\S+)/i.exec(whole)?.[1] ?? '', text: whole }, use)
    }
  })
  stream.on('end', () => stream.end())
}

function requestLength(text: string): number | null {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return null
  const length = head + 4 + Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
  return text.length < length ? null : length
}

function peerOf(raw: Socket, stream: Socket): Peer {
  return {
    write: text => void stream.write(text, 'latin1'),
    finish: text => void stream.end(text ?? '', 'latin1'),
    reset: () => void raw.resetAndDestroy(),
    later: action => afterTurns(8, action),
  }
}

/**
 * A client in this same process has read by then what was sent to it: each turn of the loop polls every socket. (An RST
 * that arrives together with bytes would be reported as an orderly end, by libuv, and the ground truth would be chance.)
 */
function afterTurns(turns: number, action: () => void): void {
  if (turns === 0) action()
  else setImmediate(() => afterTurns(turns - 1, action))
}
