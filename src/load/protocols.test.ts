/** The whole driver in each of its protocols: the books balance, and the server received what was sent. */
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { expect, test } from 'vitest'
import { present } from '../base/assert.ts'
import type { LoadTarget, Population, Protocol, TlsTarget } from '../model/load.ts'
import { certificate, privateKey } from './testdata/certificate.ts'
import { planFor, population } from './testdata/plans.ts'
import { startRawServer } from './testdata/raw-http-server.ts'
import { runDriver } from './testdata/run-driver.ts'

interface Peer {
  port: number
  received: string[]
  close(): Promise<void>
}

/** What follows a failure on a reused connection, outside the books. */
const isProbe = (id: string): boolean => id.startsWith('probe-')

/** Answers requests and gRPC calls; each tenth stream is refused. */
async function startHttp2(secure: boolean): Promise<Peer> {
  const received: string[] = []
  const sessions = new Set<http2.Http2Session>()
  const server = secure
    ? http2.createSecureServer({ cert: certificate, key: privateKey })
    : http2.createServer()
  server.on('session', session => void sessions.add(session))
  server.on('stream', (stream, headers) => {
    stream.on('error', () => stream.destroy())
    const id = String(headers['x-request-id'])
    if (!isProbe(id) && received.push(id) % 10 === 0)
      return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
    const grpc = headers['content-type'] === 'application/grpc'
    const type = grpc ? 'application/grpc' : 'application/json'
    stream.respond({ ':status': 200, 'content-type': type, 'x-request-id': id }, { waitForTrailers: grpc })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    if (headers[':method'] === 'POST') stream.pipe(stream)
    else stream.end('hello')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise(resolve => {
      server.close(() => resolve())
      for (const session of sessions) session.destroy()
    })
  return { port: (server.address() as AddressInfo).port, received, close }
}

/** Says goodbye at once; each tenth one without a word. */
async function startWebSocket(): Promise<Peer> {
  const received: string[] = []
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/socket' })
  server.on('connection', (socket, request) => {
    received.push(String(request.headers['x-request-id']))
    if (received.length % 10 === 0) socket.terminate()
    else socket.close(1001)
  })
  await new Promise(resolve => server.once('listening', resolve))
  const close = (): Promise<void> => new Promise(resolve => server.close(() => resolve()))
  return { port: (server.address() as AddressInfo).port, received, close }
}

/** An event and the mark; each tenth stream ends without it. */
async function startEvents(): Promise<Peer> {
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
  const received: string[] = []
  const server = await startRawServer(({ id, peer }) => {
    const mark = !isProbe(id) && received.push(id) % 10 === 0 ? '' : chunk('event: end\ndata: bye\n\n')
    peer.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    peer.write(`${chunk('data: 1\n\n')}${mark}0\r\n\r\n`)
  })
  return { port: server.port, received, close: () => server.close() }
}

/** The same as streams of HTTP/2. */
async function startEventStreams(): Promise<Peer> {
  const received: string[] = []
  const server = http2.createServer()
  server.on('stream', (stream, headers) => {
    stream.on('error', () => stream.destroy())
    const id = String(headers['x-request-id'])
    const mark = !isProbe(id) && received.push(id) % 10 === 0 ? '' : 'event: end\ndata: bye\n\n'
    stream.respond({ ':status': 200, 'content-type': 'text/event-stream' })
    stream.end(`data: 1\n\n${mark}`)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> => new Promise(resolve => server.close(() => resolve()))
  return { port: (server.address() as AddressInfo).port, received, close }
}

const tls: TlsTarget = { servername: 'web.default', verify: false }
const peers: [string, Protocol, () => Promise<Peer>, TlsTarget | null, string][] = [
  ['http/2', 'http/2', () => startHttp2(false), null, 'headers refused-stream'],
  ['http/2 by TLS', 'http/2', () => startHttp2(true), tls, 'headers refused-stream'],
  ['grpc', 'grpc', () => startHttp2(false), null, 'headers refused-stream'],
  ['websocket', 'websocket', startWebSocket, null, 'body abnormal-close'],
  ['events', 'events', startEvents, null, 'body closed'],
  ['events by HTTP/2', 'events-http/2', startEventStreams, null, 'body closed'],
]

test.each(peers)(
  '%s, on fresh connections and on reused ones',
  async (_name, protocol, start, secure, failure) => {
    const server = await start()
    const target: LoadTarget = { kind: 'address', host: '127.0.0.1', port: server.port, tls: secure }
    const profile = (kind: Population, connections: number) =>
      population({ population: kind, connections, protocol, ratePerSecond: 100 })
    const plan = planFor(target, [profile('fresh', 0), profile('reused', 3)], { maxDurationMs: 495 })
    const { samples, totals } = await runDriver(plan)
    await server.close()

    expect(totals).toEqual({
      scheduled: 100,
      sent: 100,
      skipped: 0,
      succeeded: 90,
      failed: 10,
      unresolved: 0,
    })
    const idOf = ({ seq }: { seq: number }): string => `0a1b2c3d-${seq}`
    expect([...server.received].sort()).toEqual(samples.map(idOf).sort())
    const struck = server.received.filter((_, index) => index % 10 === 9)
    const failed = samples.filter(({ outcome }) => outcome.kind === 'failed')
    expect(failed.map(idOf).sort()).toEqual(struck.sort())
    for (const { outcome } of failed) {
      if (outcome.kind !== 'failed') continue
      expect(`${outcome.phase} ${outcome.code}`).toBe(failure)
    }
    const reused = samples.filter(({ population: kind }) => kind === 'reused')
    const uses = Math.max(...reused.map(({ connection }) => present(connection, 'its connection').use))
    if (protocol !== 'websocket') expect(uses).toBeGreaterThan(2)
  },
)
