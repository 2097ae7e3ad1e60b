/** The real program, over real sockets, with real signals. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

const program = fileURLToPath(new URL('../dist/sample-app.js', import.meta.url))
let folder: string
const running: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sample-app-test-'))
})
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

interface App {
  port: number
  child: ChildProcess
  lines: string[]
  exited: Promise<number | null>
  saw(text: string): Promise<void>
}

async function start(env: Record<string, string> = {}, command = 'serve'): Promise<App> {
  const port = await freePort()
  const child = spawn(process.execPath, [program, command], {
    cwd: folder,
    env: { PATH: process.env.PATH, POD_IP: '127.0.0.1', POD_NAME: 'web-1', PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  const lines: string[] = []
  const waiting = new Map<string, () => void>()
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    lines.push(...chunk.split('\n').filter(line => line !== ''))
    for (const [text, resolve] of waiting) if (lines.some(line => line.includes(text))) resolve()
  })
  const app: App = {
    port,
    child,
    lines,
    exited: new Promise(resolve => child.once('exit', resolve)),
    saw: text =>
      new Promise(resolve => {
        if (lines.some(line => line.includes(text))) resolve()
        else waiting.set(text, resolve)
      }),
  }
  if (command === 'serve') await app.saw('step listening')
  return app
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}

interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: string
}

function ask(port: number, url: string, options: http.RequestOptions = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', path: url, ...options }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      )
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** A keep-alive agent with one connection, and a promise for that connection's end. */
function oneConnection(): { agent: http.Agent; closed: Promise<void> } {
  let closed: () => void = () => undefined
  const ended = new Promise<void>(resolve => (closed = resolve))
  class Agent extends http.Agent {
    override createConnection(
      ...args: Parameters<http.Agent['createConnection']>
    ): ReturnType<http.Agent['createConnection']> {
      const socket = super.createConnection(...args)
      socket?.once('close', closed)
      return socket
    }
  }
  return { agent: new Agent({ keepAlive: true, maxSockets: 1 }), closed: ended }
}

describe('what the app answers', () => {
  it('names its pod and version, echoes the request id, and enters both sides of the exchange into the ledger', async () => {
    const app = await start({ VERSION: '7' })
    const answer = await ask(app.port, '/', { headers: { 'x-request-id': 'abc-1' } })
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'x-pod': 'web-1', 'x-version': '7', 'x-request-id': 'abc-1' },
    })
    await app.saw('answered abc-1')
    const entries = app.lines.filter(line => line.includes('abc-1')).map(line => line.replace(/\d+$/, 'µs'))
    expect(entries).toEqual(['rollproof arrived abc-1 µs', 'rollproof answered abc-1 µs'])
  })

  it('sends a POST back and streams a body in parts', async () => {
    const app = await start()
    expect((await ask(app.port, '/echo', { method: 'POST' }, 'payload')).body).toBe('payload')
    expect((await ask(app.port, '/stream')).body.trimEnd().split('\n')).toHaveLength(3)
  })

  it('keeps health checks out of the ledger, and is ready only while its database greets', async () => {
    const database = net.createServer(socket => socket.end('ready\n')).listen(0, '127.0.0.1')
    await new Promise(resolve => database.once('listening', resolve))
    const { port } = database.address() as net.AddressInfo
    const app = await start({
      DATABASE_CHECK: 'true',
      DATABASE_HOST: '127.0.0.1',
      DATABASE_PORT: String(port),
    })
    expect((await ask(app.port, '/healthz/ready')).status).toBe(200)
    await new Promise(resolve => database.close(resolve))
    expect((await ask(app.port, '/healthz/ready')).status).toBe(503)
    expect((await ask(app.port, '/healthz/live')).status).toBe(200)
    expect(app.lines.filter(line => line.includes('arrived'))).toEqual([])
  })

  it('tells whether it is live by its live file', async () => {
    expect(await (await start({}, 'live')).exited).toBe(1)
    const app = await start()
    expect(readFileSync(path.join(folder, 'live'), 'utf8')).toBe('live\n')
    expect(await (await start({}, 'live')).exited).toBe(0)
    app.child.kill('SIGTERM')
    await app.exited
  })
})

/** An event stream or a WebSocket, held until it ends: what was said on it, and the code of a WebSocket's end. */
function hold(url: string): {
  opened: Promise<unknown>
  ended: Promise<{ said: string; code: number | null }>
} {
  let said = ''
  if (url.startsWith('ws:')) {
    const socket = new WebSocket(url, { headers: { 'x-request-id': 'abc-1' } })
    socket.on('message', (data: Buffer) => (said += data.toString()))
    const ended = new Promise<{ said: string; code: number | null }>(resolve =>
      socket.on('close', code => resolve({ said, code })),
    )
    return { opened: new Promise(resolve => socket.on('open', () => socket.send('hello', resolve))), ended }
  }
  let opened: (value?: unknown) => void = () => undefined
  const ended = new Promise<{ said: string; code: number | null }>(resolve => {
    http.get(url, { agent: false, headers: { 'x-request-id': 'abc-1' } }, response => {
      response.setEncoding('utf8').on('data', (text: string) => {
        said += text
        opened()
      })
      response.on('error', () => undefined)
      response.on('close', () => resolve({ said, code: null }))
    })
  })
  return { opened: new Promise(resolve => (opened = resolve)), ended }
}

describe('what is held open', () => {
  it('announce: a stream of events ends with its mark', async () => {
    const app = await start({ SHUTDOWN: 'announce' })
    const stream = hold(`http://127.0.0.1:${app.port}/events`)
    await stream.opened
    app.child.kill('SIGTERM')
    const { said } = await stream.ended
    expect(said).toMatch(/^data: 1\n\n/)
    expect(said).toMatch(/event: end\ndata: bye\n\n$/)
    expect(await app.exited).toBe(0)
    expect(app.lines.some(line => line.includes('answered abc-1'))).toBe(true)
  })

  it('announce: a WebSocket is told that the app goes away', async () => {
    const app = await start({ SHUTDOWN: 'announce' })
    const socket = hold(`ws://127.0.0.1:${app.port}/socket`)
    await socket.opened
    await app.saw('arrived abc-1')
    app.child.kill('SIGTERM')
    expect(await socket.ended).toMatchObject({ code: 1001 })
    expect(await app.exited).toBe(0)
    expect(app.lines.some(line => line.includes('answered abc-1'))).toBe(true)
  })

  it('close-idle: both are in flight until the limit, and are cut', async () => {
    const app = await start({ SHUTDOWN: 'close-idle', SHUTDOWN_LIMIT_MS: '500' })
    const held = ['http', 'ws'].map(scheme =>
      hold(`${scheme}://127.0.0.1:${app.port}/${scheme === 'ws' ? 'socket' : 'events'}`),
    )
    await Promise.all(held.map(({ opened }) => opened))
    app.child.kill('SIGTERM')
    const [stream, socket] = await Promise.all(held.map(({ ended }) => ended))
    expect(stream?.said).not.toContain('end')
    expect(socket).toMatchObject({ code: 1006 })
    expect(app.lines.some(line => line.includes('step draining-cut'))).toBe(true)
  })

  it('a WebSocket sends a text back, and answers a goodbye with the same code', async () => {
    const app = await start()
    const socket = new WebSocket(`ws://127.0.0.1:${app.port}/socket`)
    const said = new Promise(resolve => socket.on('message', (data: Buffer) => resolve(data.toString())))
    const code = new Promise(resolve => socket.on('close', resolve))
    socket.on('open', () => socket.send('hello'))
    expect(await said).toBe('hello')
    socket.close(1000)
    expect(await code).toBe(1000)
  })
})

describe('the app over HTTP/2', () => {
  async function request(
    session: http2.ClientHttp2Session,
    url: string,
  ): Promise<{ pod: unknown; body: string }> {
    const stream = session.request({ ':path': url, 'x-request-id': 'abc-1' })
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
    let body = ''
    for await (const chunk of stream) body += String(chunk)
    return { pod: headers['x-pod'], body }
  }

  it('announce: says GOAWAY, answers what is in flight, and goes when its sessions have gone', async () => {
    const app = await start({ PROTOCOL: 'h2c', SHUTDOWN: 'announce' })
    const session = http2.connect(`http://127.0.0.1:${app.port}`)
    expect(await request(session, '/')).toMatchObject({ pod: 'web-1' })
    const goaway = once(session, 'goaway')
    const slow = request(session, '/slow?ms=500')
    const events = request(session, '/events')
    await app.saw('arrived abc-1')
    while (app.lines.filter(line => line.includes('arrived')).length < 3)
      await once(app.child.stdout ?? app.child, 'data')
    app.child.kill('SIGTERM')
    expect((await goaway)[0]).toBe(0)
    expect((await events).body).toMatch(/event: end/)
    expect((await slow).body).toMatch(/^hello/)
    expect(await app.exited).toBe(0)
    session.destroy()
  })

  it('close-idle: ends an idle session at once', async () => {
    const app = await start({ PROTOCOL: 'h2c' })
    const session = http2.connect(`http://127.0.0.1:${app.port}`)
    await request(session, '/')
    app.child.kill('SIGTERM')
    await once(session, 'close')
    expect(await app.exited).toBe(0)
  })
})

describe('what the app does on SIGTERM', () => {
  it('exit: cuts what is in flight', async () => {
    const app = await start({ SHUTDOWN: 'exit' })
    const slow = ask(app.port, '/slow?ms=5000', { headers: { 'x-request-id': 'abc-1' } })
    const lost = expect(slow).rejects.toMatchObject({ code: 'ECONNRESET' })
    await app.saw('arrived abc-1')
    app.child.kill('SIGTERM')
    await lost
    expect(app.lines.some(line => line.includes('answered abc-1'))).toBe(false)
  })

  it('close-idle: closes an idle connection at once, and lets a request in flight end', async () => {
    const app = await start({ SHUTDOWN: 'close-idle' })
    const idle = oneConnection()
    await ask(app.port, '/', { agent: idle.agent })
    const slow = ask(app.port, '/slow?ms=600', { headers: { 'x-request-id': 'abc-1' } })
    await app.saw('arrived abc-1')
    app.child.kill('SIGTERM')
    const first = await Promise.race([
      idle.closed.then(() => 'idle closed'),
      slow.then(() => 'slow answered'),
    ])
    expect(first).toBe('idle closed')
    expect((await slow).status).toBe(200)
    expect(await app.exited).toBe(0)
  })

  it('announce: keeps an idle connection until its next answer, which says that it closes', async () => {
    const app = await start({ SHUTDOWN: 'announce' })
    const idle = oneConnection()
    expect((await ask(app.port, '/', { agent: idle.agent })).headers.connection).toBe('keep-alive')
    app.child.kill('SIGTERM')
    await app.saw('listener-closed')
    await expect(ask(app.port, '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect((await ask(app.port, '/', { agent: idle.agent })).headers.connection).toBe('close')
    expect(await app.exited).toBe(0)
  })

  it('announce: says on a streamed answer, too, that the connection closes', async () => {
    const app = await start({ SHUTDOWN: 'announce' })
    const idle = oneConnection()
    await ask(app.port, '/', { agent: idle.agent })
    app.child.kill('SIGTERM')
    await app.saw('listener-closed')
    const answer = await ask(app.port, '/stream', { agent: idle.agent })
    expect(answer.headers.connection).toBe('close')
    expect(answer.body.trimEnd().split('\n')).toHaveLength(3)
    expect(await app.exited).toBe(0)
  })

  it('cut: goes on with keep-alive and cuts everything at the limit', async () => {
    const app = await start({ SHUTDOWN: 'cut', SHUTDOWN_LIMIT_MS: '700' })
    const idle = oneConnection()
    await ask(app.port, '/', { agent: idle.agent })
    app.child.kill('SIGTERM')
    await app.saw('listener-closed')
    expect((await ask(app.port, '/', { agent: idle.agent })).headers.connection).toBe('keep-alive')
    await idle.closed
    await app.exited
    expect(app.lines.some(line => line.includes('step draining-cut'))).toBe(true)
  })
})
