import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import type { FailureCode, LoadTarget, TlsTarget } from '../model/load.ts'
import type { Routes } from './routes.ts'
import { certificate, privateKey } from './testdata/certificate.ts'
import { planFor, population } from './testdata/plans.ts'
import { runDriver, type DriverAccount } from './testdata/run-driver.ts'

const sockets = new Set<Socket>()
let server: Server | null = null
const unverified: TlsTarget = { servername: 'web.default', verify: false }

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise(resolve => (server === null ? resolve(null) : server.close(resolve)))
  server = null
})

/** TCP in front, so that a test can break a connection below TLS. */
async function listen(serve: (socket: Socket) => void): Promise<number> {
  const listener = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    serve(socket)
  })
  server = listener
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  return (listener.address() as AddressInfo).port
}

/** Answers each request, after the handshake. */
function serveTls(options: TlsOptions = {}): (socket: Socket) => void {
  const tls = createTlsServer({ cert: certificate, key: privateKey, ...options }, secure => {
    secure.on('error', () => secure.destroy())
    secure.on('data', (bytes: Buffer) => {
      const close = /connection: close/i.test(bytes.toString('latin1'))
      const connection = close ? 'close' : 'keep-alive'
      const answer = `HTTP/1.1 200 OK\r\nConnection: ${connection}\r\nContent-Length: 2\r\n\r\nok`
      if (close) secure.end(answer)
      else secure.write(answer)
    })
  })
  tls.on('tlsClientError', () => undefined)
  return socket => void tls.emit('connection', socket)
}

function drive(
  port: number,
  roundTripMs: number,
  tls: TlsTarget,
  { limitMs = 8000, maxDurationMs = 199 } = {},
): Promise<DriverAccount> {
  const route = { address: '127.0.0.1', port, roundTripMs }
  const routes: Routes = { choose: () => route }
  const target: LoadTarget = { kind: 'address', host: '127.0.0.1', port, tls }
  const quick = { ratePerSecond: 50, postShare: 0, streamShare: 0 }
  const profiles = [population(quick), population({ ...quick, population: 'reused', connections: 2 })]
  return runDriver(planFor(target, profiles, { maxDurationMs, limitMs }), { routes })
}

const trips = [0, 10]

test.each(trips)('with a round trip of %i ms, requests by TLS are answered', async roundTripMs => {
  const port = await listen(serveTls())
  for (const tls of [unverified, { ...unverified, verify: true, ca: certificate }]) {
    // Long enough that a connection is free again before the last request, on a busy machine too.
    const { totals, samples } = await drive(port, roundTripMs, tls, { maxDurationMs: 999 })
    expect(totals).toMatchObject({ scheduled: 100, sent: 100, succeeded: 100 })
    const uses = samples.filter(each => each.population === 'reused').map(each => each.connection?.use ?? 0)
    expect(Math.max(...uses)).toBeGreaterThan(1)
    for (const { connection } of samples) expect(connection?.localPort).toBeGreaterThan(0)
  }
})

/** The server's part, what the client asks for, and what must come of it. */
const broken: [string, () => (socket: Socket) => void, Partial<TlsTarget>, FailureCode][] = [
  ['an end', () => socket => void socket.once('data', () => socket.end()), {}, 'closed'],
  ['an RST', () => socket => void socket.once('data', () => socket.resetAndDestroy()), {}, 'reset'],
  [
    'plain HTTP',
    () => socket => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')),
    {},
    'protocol',
  ],
  [
    'an alert',
    () => serveTls({ minVersion: 'TLSv1.2', ciphers: 'AES128-SHA', maxVersion: 'TLSv1.2' }),
    {},
    'alert',
  ],
  ['an unknown certificate', () => serveTls(), { verify: true }, 'certificate'],
  ['another name', () => serveTls(), { verify: true, ca: certificate, servername: 'other' }, 'certificate'],
]

for (const roundTripMs of trips)
  test.each(broken)(
    `with a round trip of ${roundTripMs} ms, %s in the handshake is one failure of phase tls`,
    async (_name, serve, asked, code) => {
      const port = await listen(serve())
      const { totals, samples } = await drive(port, roundTripMs, { ...unverified, ...asked })
      expect(totals).toMatchObject({ scheduled: 20, sent: 20, failed: 20 })
      for (const { outcome, writtenUs } of samples) {
        expect(outcome).toMatchObject({ phase: 'tls', code })
        expect(writtenUs).toBeNull()
      }
    },
  )

test.each(trips)(
  'with a round trip of %i ms, a handshake that hangs is a time-out of tls',
  async roundTripMs => {
    const port = await listen(() => undefined)
    const { samples } = await drive(port, roundTripMs, unverified, { limitMs: 300 })
    expect(samples).toHaveLength(20)
    for (const { outcome } of samples) expect(outcome).toMatchObject({ phase: 'tls', code: 'timed-out' })
  },
)

test('a closed port is a failure of the connect, also by TLS', async () => {
  const port = await listen(() => undefined)
  await new Promise(resolve => server?.close(resolve))
  for (const roundTripMs of trips) {
    const { samples } = await drive(port, roundTripMs, unverified)
    for (const { outcome } of samples) expect(outcome).toMatchObject({ phase: 'connect', code: 'refused' })
  }
  server = null
})
