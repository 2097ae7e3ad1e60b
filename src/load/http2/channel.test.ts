/** Many streams on one connection, and how a connection comes to be: against scripted servers and against Node's own. */
import http2 from 'node:http2'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outcome, TlsTarget } from '../../model/load.ts'
import { certificate, privateKey } from '../testdata/certificate.ts'
import { createLab, drive, type Lab } from '../testdata/channel-lab.ts'
import { startHungListener } from '../testdata/hung-listener.ts'
import { turns, until } from '../../testing/turns.ts'
import { Http2Channel } from './channel.ts'
import { PlainRequests } from './plain-requests.ts'
import {
  goaway,
  startFaultServer,
  uint32,
  type Http2Peer,
  type Http2Request,
} from './testdata/fault-server.ts'
import { answer } from './testdata/faults.ts'

const tls: TlsTarget = { servername: 'web.default', verify: false }

function open(lab: Lab, port: number, roundTripMs = 0): Http2Channel {
  const route = { address: '127.0.0.1', port, roundTripMs }
  return new Http2Channel(1, route, lab.setting, new PlainRequests(lab.setting))
}

const brief = (outcome: Outcome): string =>
  outcome.kind === 'failed' ? `${outcome.phase} ${outcome.code}` : outcome.kind

/** Outcomes in the order of the requests. */
function outcomes(lab: Lab): string[] {
  return [...lab.samples].sort((a, b) => a.seq - b.seq).map(({ outcome }) => brief(outcome))
}

/** So many requests at once on one connection; the server holds them all, and then does something. */
async function together(
  count: number,
  then: (peer: Http2Peer, requests: Http2Request[]) => void,
): Promise<{ lab: Lab; channel: Http2Channel }> {
  const server = await startFaultServer(() => undefined)
  const lab = createLab()
  const channel = open(lab, server.port)
  for (let sent = 0; sent < count; sent++) channel.send(lab.exchange(), lab.clock.nowUs())
  await until(() => server.received.length === count)
  const [first] = server.received
  if (first !== undefined) then(first.peer, server.received)
  await until(() => lab.samples.length === count)
  await turns(10)
  expect(server.connections).toBe(1)
  await server.close()
  return { lab, channel }
}

const nobody = {} as Parameters<typeof answer>[1]

test('GOAWAY ends the streams it names as unprocessed, and no others; nothing new is sent', async () => {
  const { lab, channel } = await together(6, (peer, requests) => {
    peer.frame(7, 0, 0, goaway(5, 0))
    peer.later(() => {
      for (const request of requests.slice(0, 3)) answer(request, nobody)
    })
  })
  expect(outcomes(lab)).toEqual([
    ...Array<string>(3).fill('succeeded'),
    ...Array<string>(3).fill('headers goaway'),
  ])
  expect(channel.idle).toBe(false)
})

test('after a graceful GOAWAY and a second one, each stream comes out as the server has told', async () => {
  const { lab } = await together(4, (peer, [first, second]) => {
    peer.frame(7, 0, 0, goaway(0x7fff_ffff, 0))
    if (first !== undefined) answer(first, nobody)
    peer.frame(7, 0, 0, goaway(3, 0))
    if (second !== undefined) answer(second, nobody)
    peer.fin()
  })
  expect(outcomes(lab)).toEqual(['succeeded', 'succeeded', 'headers goaway', 'headers goaway'])
})

test('GOAWAY with an error: unprocessed, cut in the header, cut in the body, and answered before', async () => {
  const { lab } = await together(4, (peer, [first, second]) => {
    if (first !== undefined) answer(first, nobody)
    if (second !== undefined) peer.frame(1, 4, second.streamId, Buffer.from([0x88]))
    peer.frame(7, 0, 0, goaway(5, 2))
    peer.fin()
  })
  expect(outcomes(lab)).toEqual(['succeeded', 'body goaway-error', 'headers goaway-error', 'headers goaway'])
})

test('what ends one stream leaves the others alone; what ends the connection ends them all, each where it was', async () => {
  const { lab } = await together(5, (peer, [first, second, third]) => {
    if (first !== undefined) peer.frame(3, 0, first.streamId, uint32(7))
    if (second !== undefined) peer.frame(1, 4, second.streamId, Buffer.from([0x88]))
    if (third !== undefined) answer(third, nobody)
    peer.later(() => peer.reset())
  })
  expect(outcomes(lab)).toEqual([
    'headers refused-stream',
    'body reset',
    'succeeded',
    'headers reset',
    'headers reset',
  ])
})

test('a request that is too late takes no other with it, and its connection takes no more', async () => {
  const server = await startFaultServer(() => undefined)
  const lab = createLab()
  const channel = open(lab, server.port)
  channel.send(lab.exchange(), lab.clock.nowUs())
  channel.send(lab.exchange({ answerMs: 60_000 }), lab.clock.nowUs())
  await until(() => server.received.length === 2)
  lab.expire()
  expect(outcomes(lab)).toEqual(['headers timed-out'])
  expect(channel.idle).toBe(false)
  await until(() => server.told.includes('3:1'))
  const second = server.received.find(({ streamId }) => streamId === 3)
  if (second !== undefined) answer(second, server)
  await until(() => lab.samples.length === 2)
  expect(outcomes(lab)).toEqual(['headers timed-out', 'succeeded'])
  await until(() => server.told.includes('7:0'))
  await server.close()
})

test('no more streams than the server takes', async () => {
  const server = await startFaultServer(() => undefined, [[3, 2]])
  const lab = createLab()
  const channel = open(lab, server.port)
  expect(channel.idle).toBe(true)
  channel.send(lab.exchange(), lab.clock.nowUs())
  await until(() => server.received.length === 1)
  await turns(10)
  expect(channel.idle).toBe(true)
  channel.send(lab.exchange(), lab.clock.nowUs())
  expect(channel.idle).toBe(false)
  await until(() => server.received.length === 2)
  const [first] = server.received
  if (first !== undefined) answer(first, server)
  await until(() => lab.samples.length === 1)
  expect(channel.idle).toBe(true)
  channel.close()
  await server.close()
  expect(lab.samples).toHaveLength(1)
})

test('connects that are refused, and connects that hang', async () => {
  const closed = await startFaultServer(() => undefined)
  await closed.close()
  const refused = createLab()
  const first = open(refused, closed.port)
  for (let sent = 0; sent < 3; sent++) first.send(refused.exchange(), refused.clock.nowUs())
  await until(() => refused.samples.length === 3)
  expect(outcomes(refused)).toEqual(Array(3).fill('connect refused'))
  expect(first.idle).toBe(false)

  const listener = await startHungListener()
  const hung = createLab()
  open(hung, listener.port).send(hung.exchange(), hung.clock.nowUs())
  await turns(20)
  hung.expire()
  await listener.close()
  expect(outcomes(hung)).toEqual(['connect timed-out'])
})

/** Node's server of HTTP/2, as an app would use it. */
async function startNode(
  options: http2.SecureServerOptions,
  secure: boolean,
): Promise<{ port: number; ids: string[]; close(): Promise<void> }> {
  const ids: string[] = []
  const sessions = new Set<http2.Http2Session>()
  const server = secure
    ? http2.createSecureServer({ ...options, cert: certificate, key: privateKey })
    : http2.createServer(options)
  server.on('session', session => {
    sessions.add(session)
    session.on('error', () => session.destroy())
  })
  server.on('stream', (stream, headers) => {
    const id = String(headers['x-request-id'])
    ids.push(id)
    stream.on('error', () => stream.destroy())
    stream.respond({ ':status': 200, 'x-request-id': id, 'x-pod': 'node' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-checked': 'yes' }))
    if (headers[':method'] === 'POST') stream.pipe(stream)
    else stream.end(headers[':path'] === '/stream' ? 'x'.repeat(3_000_000) : 'hello')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    ids,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
      }),
  }
}

test.each([
  ['h2c', {}, false],
  ['h2c with a small window', { settings: { initialWindowSize: 100 } }, false],
  ['h2 by TLS', {}, true],
])("Node's server answers %s", async (_name, options, secure) => {
  const server = await startNode(options, secure)
  for (const connections of [0, 3]) {
    const lab = createLab(secure ? tls : null)
    const samples = await drive(lab, { requests: 24, connections, open: () => open(lab, server.port) })
    expect(samples.map(({ outcome }) => brief(outcome))).toEqual(Array(24).fill('succeeded'))
    expect(new Set(samples.map(({ servedBy }) => servedBy))).toEqual(new Set(['node']))
  }
  await server.close()
  expect(server.ids).toHaveLength(48)
})

test("Node's server reads all of many bodies at once through small windows", async () => {
  const server = await startNode({ settings: { initialWindowSize: 64 }, maxSessionMemory: 1000 }, false)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async count => {
      const lab = createLab()
      const channel = open(lab, server.port)
      for (let sent = 0; sent < count; sent++)
        channel.send(lab.exchange({ kind: sent % 3 === 0 ? 'stream' : 'post' }), lab.clock.nowUs())
      await until(() => lab.samples.length === count)
      channel.close()
      expect(outcomes(lab)).toEqual(Array(count).fill('succeeded'))
    }),
    { numRuns: 5 },
  )
  await server.close()
})

test('a body that is sent slowly goes out in pieces over its time, and another request passes it', async () => {
  const server = await startNode({}, false)
  const lab = createLab()
  const channel = open(lab, server.port)
  channel.send(lab.exchange({ kind: 'post', uploadMs: 1000 }), lab.clock.nowUs())
  channel.send(lab.exchange({ kind: 'get' }), lab.clock.nowUs())
  await until(() => lab.samples.length === 1)
  for (let step = 0; step < 10; step++) {
    expect(outcomes(lab)).toEqual(['succeeded'])
    lab.clock.advance(100)
    await turns(10)
  }
  await until(() => lab.samples.length === 2)
  channel.close()
  await server.close()
  expect(lab.samples.map(({ seq, outcome }) => [seq, brief(outcome)])).toEqual([
    [1, 'succeeded'],
    [0, 'succeeded'],
  ])
})

test('a server that dies while a body is on its way finds it half sent', async () => {
  const server = await startFaultServer(() => undefined)
  const lab = createLab()
  open(lab, server.port).send(lab.exchange({ kind: 'post', uploadMs: 1000 }), lab.clock.nowUs())
  await until(() => server.received.length === 1)
  lab.clock.advance(500)
  await turns(10)
  server.received[0]?.peer.reset()
  await until(() => lab.samples.length === 1)
  await server.close()
  expect(outcomes(lab)).toEqual(['send reset'])
})

test('a driver that closes its connections settles nothing, then or later', async () => {
  const server = await startFaultServer(() => undefined)
  const lab = createLab()
  const channel = open(lab, server.port)
  for (let sent = 0; sent < 3; sent++) channel.send(lab.exchange(), lab.clock.nowUs())
  await until(() => server.received.length === 3)
  channel.close()
  lab.expire()
  await until(() => server.told.includes('7:0'))
  await server.close()
  expect(lab.samples).toEqual([])
})

test("a session that Node's server closes gracefully loses nothing", async () => {
  let requests = 0
  const server = http2.createServer((request, response) => {
    requests += 1
    if (requests === 5) request.stream.session?.close()
    response.end('ok')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const lab = createLab()
  const { port } = server.address() as AddressInfo
  await drive(lab, { requests: 20, connections: 1, kind: 'get', open: () => open(lab, port) })
  await new Promise(resolve => server.close(resolve))
  expect(outcomes(lab)).toEqual(Array(20).fill('succeeded'))
  expect(requests).toBe(20)
})

/** What the server does with the bytes below TLS, or with the handshake itself. */
async function withTls(serve: (server: TlsServer) => void, options = {}): Promise<string[]> {
  const server = createTlsServer({ cert: certificate, key: privateKey, ...options })
  server.on('tlsClientError', () => undefined)
  serve(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const lab = createLab(tls)
  open(lab, (server.address() as AddressInfo).port).send(lab.exchange(), lab.clock.nowUs())
  await until(() => lab.samples.length === 1)
  await new Promise(resolve => server.close(resolve))
  return outcomes(lab)
}

test('a server that does not speak HTTP/2 by TLS is told from one that breaks off', async () => {
  const onlyOld = { ALPNProtocols: ['http/1.1'] }
  expect(await withTls(() => undefined, onlyOld)).toEqual(['tls alert'])
  expect(
    await withTls(server => server.on('secureConnection', socket => socket.on('error', () => undefined))),
  ).toEqual(['tls protocol'])
  const h2 = { ALPNProtocols: ['h2'] }
  expect(await withTls(server => server.on('connection', (socket: Socket) => socket.destroy()), h2)).toEqual([
    expect.stringMatching(/^tls (closed|reset)$/),
  ])
  expect(await withTls(server => server.on('secureConnection', socket => socket.end()), h2)).toEqual([
    'headers closed',
  ])
})

test('an answer in HTTP/1.1 is another protocol', async () => {
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const lab = createLab()
  open(lab, (server.address() as AddressInfo).port).send(lab.exchange(), lab.clock.nowUs())
  await until(() => lab.samples.length === 1)
  await new Promise(resolve => server.close(resolve))
  expect(outcomes(lab)).toEqual(['headers protocol'])
})
