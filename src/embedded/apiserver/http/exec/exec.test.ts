/** Streams to pods over a real server, with real processes as containers; the client is Kubernetes's own for Node. */
import { mkdtempSync, rmSync, writeFileSync, appendFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { Attach, Exec, KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { present } from '../../../../base/assert.ts'
import { systemClock } from '../../../../base/clock.ts'
import type { Pod } from '../../../../kube/types.ts'
import { executablePath, Images } from '../../../images.ts'
import { LogTimes } from '../../../log-times.ts'
import type { RunningContainer } from '../../../kubelet/container-runtime.ts'
import { ProcessRuntime } from '../../../kubelet/process-runtime.ts'
import { pod, runningPod } from '../../testing/objects.ts'
import { runServer, token, type RunningServer } from '../../testing/running-server.ts'
import { dataFrame, FrameSplitter, type Frame } from './spdy/frames.ts'
import { OpeningFrames } from './testing/opening-frames.ts'

let server: RunningServer
let config: KubeConfig
let runtime: ProcessRuntime
let container: RunningContainer
let folder: string

beforeEach(async () => {
  server = await runServer()
  config = new KubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'c', server: server.url, skipTLSVerify: true }],
    users: [{ name: 'u', token }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  })
  folder = mkdtempSync(join(tmpdir(), 'rollproof-exec-'))
  const images = new Images(join(folder, 'images'), {
    app: {
      commands: { sh: ['/bin/sh'], cat: ['/bin/cat'], sleep: ['/bin/sleep'] },
      entrypoint: ['sh'],
      args: [],
      env: {},
      workingDir: null,
    },
  })
  const image = present(images.find('app'), 'image')
  runtime = new ProcessRuntime({
    clock: systemClock,
    openLog: ({ name }) => ({ file: join(folder, `${name}.log`), onExit: () => undefined }),
    groups: { started: () => undefined, ended: () => undefined },
  })
  const { metadata } = runningPod(server.registry, 'web')
  container = runtime.start({
    podUid: metadata.uid ?? '',
    namespace: 'default',
    pod: 'web',
    name: 'app',
    restartCount: 0,
    argv: ['sleep', '1000'],
    env: {},
    cwd: folder,
    executable: command => executablePath(image, command),
  })
  server.commands.run = (...command) => runtime.run(...command)
})
afterEach(async () => {
  runtime.killAll()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Ran {
  out: string
  err: string
  status: V1Status
}

async function run(argv: string[], stdin: Readable | null = null, tty = false): Promise<Ran> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const texts = [textOf(out), textOf(err)]
  const status = await new Promise<V1Status>((resolve, reject) => {
    new Exec(config).exec('default', 'web', 'app', argv, out, err, stdin, tty, resolve).catch(reject)
  })
  const [outText = '', errText = ''] = await Promise.all(texts)
  return { out: outText, err: errText, status }
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

it('runs a command, its outputs apart, and tells its exit code', async () => {
  const { out, err, status } = await run(['sh', '-c', 'echo one; echo two >&2; exit 3'])
  expect([out, err]).toEqual(['one\n', 'two\n'])
  expect(status).toEqual({
    metadata: {},
    status: 'Failure',
    message: 'command terminated with non-zero exit code: command terminated with exit code 3',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  })
})

it('carries input of any size through, until the client ends it', async () => {
  const input = 'x'.repeat(3_000_000)
  const { out, status } = await run(['cat'], Readable.from([Buffer.from(input)]))
  expect(out === input).toBe(true)
  expect(status).toEqual({ metadata: {}, status: 'Success' })
})

it('says what a kubelet says when a command cannot be run', async () => {
  const missing = await run(['nosuch'])
  expect(missing.status.message).toMatch(
    /^Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in \$PATH: unknown$/,
  )
  expect((await run(['sh'], null, true)).status.message).toContain('a terminal cannot be allocated')
  container.kill()
  await new Promise<void>(resolve => container.onExit(() => resolve()))
  expect((await run(['sh'])).status).toMatchObject({
    code: 500,
    message: 'Internal error occurred: unable to upgrade connection: container not found ("app")',
  })
})

it('kills a command whose client goes away', async () => {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const argv = ['sh', '-c', 'trap "" HUP; echo $$; while :; do :; done']
  const socket = await new Exec(config).exec('default', 'web', 'app', argv, out, err, null, false)
  const pid = Number(String(await new Promise(resolve => out.once('data', resolve))))
  socket.close()
  await expect.poll(() => isAlive(pid)).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const upgrade = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1' }

it('answers what is no WebSocket, or names no running pod, in the words of a real server', async () => {
  server.registry.create('pods', pod('waits'))
  const two = pod('two')
  two.spec.initContainers = [{ name: 'init', image: 'app' }]
  two.spec.containers.push({ name: 'side', image: 'app' })
  server.registry.create('pods', two)
  const message = async (path: string): Promise<string> => {
    const response = await server.request(`/api/v1/namespaces/default/pods/${path}`)
    return ((await response.json()) as V1Status).message ?? ''
  }
  expect(await message('web/exec?command=ls')).toBe('Upgrade request required')
  expect(await message('web/portforward')).toBe('Upgrade request required')
  expect(await message('nope/exec')).toBe('pods "nope" not found')
  expect(await message('waits/exec')).toBe('pod waits does not have a host assigned')
  expect(await message('web/attach?container=b')).toBe('container b is not valid for pod web')
  expect(await message('two/exec')).toBe(
    'a container name must be specified for pod two, choose one of: [init app side]',
  )
})

it('refuses streams over SPDY, and serves other requests that would upgrade as they are', async () => {
  const path = '/api/v1/namespaces/default/pods/web/exec?command=ls&stdout=true'
  const refused = await rawRequest(`POST ${path}`, upgrade)
  expect(refused).toMatch(/^HTTP\/1.1 400 [^]*SPDY\/3.1 is not served, only WebSockets/)
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } })
  const created = await rawRequest(
    'POST /api/v1/namespaces/default/configmaps',
    { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' },
    body,
  )
  expect(created).toMatch(/^HTTP\/1.1 201 /)
  expect(await rawRequest(`GET ${path}`, { ...upgrade, Authorization: 'Bearer wrong' })).toMatch(
    /^HTTP\/1.1 401 /,
  )
})

async function rawRequest(line: string, headers: Record<string, string>, body = ''): Promise<string> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  const all = {
    Host: 'localhost',
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    ...headers,
  }
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  socket.write([`${line} HTTP/1.1`, ...head, '', body].join('\r\n'))
  return String(await new Promise(resolve => socket.once('data', resolve)))
}

it('attaches to the output from now on, until the container ends', async () => {
  const file = join(folder, 'attached.log')
  writeFileSync(file, 'before\n')
  let ended = false
  server.logs.set('web/app', { file, times: new LogTimes(file), ended: () => ended })
  const [out, err] = [new PassThrough(), new PassThrough()]
  const text = textOf(out)
  await new Attach(config).attach('default', 'web', 'app', out, err, null, false)
  appendFileSync(file, 'after\n')
  ended = true
  expect(await text).toBe('after\n')
})

it('forwards a port, and tells of one where nobody listens', async () => {
  const echo = createServer(socket => socket.pipe(socket))
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve))
  const { port } = echo.address() as AddressInfo
  const stored = server.registry.read('pods', 'default', 'web') as Pod
  server.registry.updateStatus('pods', { ...stored, status: { ...stored.status, podIP: '127.0.0.1' } })
  const forward = async (to: number): Promise<[string, string]> => {
    const [out, err, input] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const first = new Promise<[string, string]>(resolve => {
      out.once('data', chunk => resolve([String(chunk), '']))
      err.on('data', chunk => String(chunk) !== '' && resolve(['', String(chunk)]))
    })
    const socket = await new PortForward(config).portForward('default', 'web', [to], out, err, input)
    input.write('hello')
    const answer = await first
    if (typeof socket !== 'function') socket.close()
    return answer
  }
  expect(await forward(port)).toEqual(['hello', ''])
  await new Promise(resolve => echo.close(resolve))
  expect((await forward(port))[1]).toContain('connect: connection refused')
})

it('forwards ports in SPDY, each connection as a pair of streams, and tells of one where nobody listens', async () => {
  const echo = createServer({ allowHalfOpen: true }, socket => socket.pipe(socket))
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve))
  const { port } = echo.address() as AddressInfo
  const stored = server.registry.read('pods', 'default', 'web') as Pod
  server.registry.updateStatus('pods', { ...stored, status: { ...stored.status, podIP: '127.0.0.1' } })
  const { hostname, port: serverPort } = new URL(server.url)
  const socket = connect(Number(serverPort), hostname)
  const path = '/api/v1/namespaces/default/pods/web/portforward'
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: Upgrade\r\n`
  socket.write(`${head}Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n`)
  expect(String(await new Promise(resolve => socket.once('data', resolve)))).toMatch(
    /^HTTP\/1.1 101 [^]*Upgrade: SPDY\/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n$/,
  )
  const frames: Frame[] = []
  const splitter = new FrameSplitter()
  socket.on('data', (bytes: Buffer) => frames.push(...splitter.push(bytes)))
  /** What came on the stream, with a dot for its end. */
  const text = (id: number): string =>
    frames
      .flatMap(frame => (frame.type === 'data' && frame.stream === id ? [frame] : []))
      .map(({ bytes, fin }) => `${bytes.toString()}${fin ? '.' : ''}`)
      .join('')
  const opening = new OpeningFrames()
  const patience = { timeout: 10_000 }
  const pair = async (id: number, to: number): Promise<void> => {
    const headers = { port: String(to), requestid: String(id) }
    socket.write(await opening.next(id, { ...headers, streamtype: 'error' }, true))
    socket.write(await opening.next(id + 2, { ...headers, streamtype: 'data' }))
  }
  await pair(1, port)
  await pair(5, 1)
  socket.write(dataFrame(3, Buffer.from('hello'), false))
  socket.write(dataFrame(3, Buffer.alloc(0), true))
  await expect.poll(() => [text(3), text(1), text(7)], patience).toEqual(['hello.', '.', '.'])
  expect(text(5)).toMatch(/^error forwarding port 1 to pod web, .*connect: connection refused\.$/)
  socket.write(await opening.next(9, { port: '0', requestid: '9', streamtype: 'data' }))
  await expect.poll(() => frames.at(-1), patience).toEqual({ type: 'reset', stream: 9 })
  socket.destroy()
  await new Promise(resolve => echo.close(resolve))
})
