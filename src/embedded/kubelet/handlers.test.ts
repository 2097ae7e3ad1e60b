/** Against real servers on loopback: what each kind of probe and hook makes of their answers. */
import { createServer as createHttp } from 'node:http'
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2'
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../base/clock.ts'
import type { Probe } from '../../kube/types.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { attemptProbe, runHook, type HandlerParts, type ProbeOutcome } from './handlers.ts'
import { ScriptedContainer } from './testing/scripted-runtime.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A port that was just free, so that nobody listens on it. */
async function closedPort(): Promise<number> {
  const server = createTcp()
  const port = await listen(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

function parts(clock: Clock = systemClock): HandlerParts {
  const spec = { podUid: '', namespace: '', pod: '', name: '', restartCount: 0, argv: [], env: {}, cwd: '' }
  const running = new ScriptedContainer('c', clock, {}, { ...spec, executable: name => name })
  const container = { name: 'c', image: 'i' }
  const reach = (host: string, port: number) => ({ host, port })
  return { clock, kubernetesMinor: 34, podIP: '127.0.0.1', reach, container, running }
}

function attempt(probe: Probe, clock?: Clock): Promise<ProbeOutcome> {
  return attemptProbe({ timeoutSeconds: 10, ...probe }, parts(clock))
}

interface Call {
  path: string
  userAgent: string
  body: Buffer
}

/** A health server that answers as told; null = never. */
async function grpcServer(
  answer: (stream: ServerHttp2Stream) => void,
): Promise<{ port: number; calls: Call[] }> {
  const calls: Call[] = []
  const server = createHttp2()
  const streams = new Set<ServerHttp2Stream>()
  server.on('stream', (stream, headers) => {
    streams.add(stream)
    stream.on('error', () => undefined)
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const path = headers[':path'] ?? ''
      calls.push({ path, userAgent: headers['user-agent'] ?? '', body: Buffer.concat(chunks) })
      answer(stream)
    })
  })
  closers.push(() => {
    for (const stream of streams) stream.session?.destroy()
  })
  return { port: await listen(server), calls }
}

function answers(message: number[], status = '0', text = ''): (stream: ServerHttp2Stream) => void {
  return stream => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': text }))
    stream.end(Buffer.from(message))
  }
}

test('a gRPC probe asks for the service by name and passes on SERVING', async () => {
  const { port, calls } = await grpcServer(answers([0, 0, 0, 0, 2, 0x08, 1]))
  expect(await attempt({ grpc: { port, service: 'shop' } })).toEqual({ kind: 'success' })
  expect(await attempt({ grpc: { port } })).toEqual({ kind: 'success' })
  expect(calls.map(({ path }) => path)).toEqual(Array(2).fill('/grpc.health.v1.Health/Check'))
  expect(calls[0]?.userAgent).toMatch(/^kube-probe\/1\.34/)
  expect(calls[0]?.body).toEqual(Buffer.from([0, 0, 0, 0, 6, 0x0a, 4, ...Buffer.from('shop')]))
  expect(calls[1]?.body).toEqual(Buffer.alloc(5))
})

test.each([
  ['NOT_SERVING', answers([0, 0, 0, 0, 2, 0x08, 2]), 'service unhealthy (responded with "NOT_SERVING")'],
  ['an empty answer', answers([0, 0, 0, 0, 0]), 'service unhealthy (responded with "UNKNOWN")'],
  [
    'an unknown service',
    answers([], '5', 'unknown%20service'),
    'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service',
  ],
  [
    'a server without health checks',
    answers([], '12', 'unknown service grpc.health.v1.Health'),
    'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health',
  ],
])('a gRPC probe fails on %s, in the words of the kubelet', async (_, answer, text) => {
  const { port } = await grpcServer(answer)
  expect(await attempt({ grpc: { port } })).toEqual({ kind: 'failure', text })
})

test('a gRPC probe of a port that refuses dials until its one deadline', async () => {
  const clock = new FakeClock()
  const port = await closedPort()
  const outcome = attempt({ grpc: { port }, timeoutSeconds: 3 }, clock)
  let settled = false
  void outcome.then(() => (settled = true))
  await clock.advanceAsync(2999)
  expect(settled).toBe(false)
  await clock.advanceAsync(1)
  const text = `timeout: failed to connect service "127.0.0.1:${port}" within 3s: context deadline exceeded`
  expect(await outcome).toEqual({ kind: 'failure', text })
})

test('a gRPC call that is never answered fails at the deadline', async () => {
  const clock = new FakeClock()
  let onAsked = (): void => undefined
  const asked = new Promise<void>(resolve => (onAsked = resolve))
  const { port } = await grpcServer(() => onAsked())
  const outcome = attempt({ grpc: { port } }, clock)
  await asked
  await clock.advanceAsync(10_000)
  expect(await outcome).toEqual({ kind: 'failure', text: 'timeout: health rpc did not complete within 10s' })
})

test('a tcpSocket probe passes when it can connect, and says why when it cannot', async () => {
  const port = await listen(createTcp(socket => socket.destroy()))
  expect(await attempt({ tcpSocket: { port } })).toEqual({ kind: 'success' })
  const closed = await closedPort()
  const text = `dial tcp 127.0.0.1:${closed}: connect: connection refused`
  expect(await attempt({ tcpSocket: { port: closed } })).toEqual({ kind: 'failure', text })
})

test('an httpGet probe judges the status; an end without an answer is EOF; a redirect away is a warning', async () => {
  const port = await listen(
    createHttp((request, response) => {
      if (request.url === '/cut') return void request.socket.end()
      const status = Number(request.url?.slice(1))
      const head = status === 302 ? { location: 'http://127.9.9.9/elsewhere' } : {}
      response.writeHead(status, head).end('body')
    }),
  )
  const at = (path: string): Promise<ProbeOutcome> => attempt({ httpGet: { port, path } })
  expect(await at('/204')).toEqual({ kind: 'success' })
  expect(await at('/503')).toEqual({ kind: 'failure', text: 'HTTP probe failed with statuscode: 503' })
  expect(await at('/cut')).toEqual({ kind: 'failure', text: `Get "http://127.0.0.1:${port}/cut": EOF` })
  expect(await at('/302')).toMatchObject({ kind: 'warning' })
})

test('an httpGet hook takes any status, and fails only when nobody answers', async () => {
  let userAgent: string | undefined
  const port = await listen(
    createHttp((request, response) => {
      userAgent = request.headers['user-agent']
      response.writeHead(500).end()
    }),
  )
  expect(await runHook({ httpGet: { port } }, parts())).toEqual({ kind: 'ended' })
  expect(userAgent).toBe('kube-lifecycle/1.34')
  expect(await runHook({ httpGet: { port: await closedPort() } }, parts())).toMatchObject({ kind: 'failed' })
})
