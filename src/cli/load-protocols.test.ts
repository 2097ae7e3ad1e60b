/** The protocols of `rollproof load`, each against a server of Node's that counts for itself. */
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import * as http2 from 'node:http2'
import * as https from 'node:https'
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { certificate as cert, privateKey as key } from './testdata/certificate.ts'
import { account, byClass } from './testdata/load-account.ts'

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** Listens on loopback, and gives the port. Its connections are cut when the test has ended. */
async function listen(server: Server): Promise<number> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => open.delete(socket))
  })
  ends.push(async () => {
    for (const socket of open) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

interface Count {
  requests: IncomingMessage[]
  bodies: string[]
  connections: number
}

/** Answers each request when its body is whole. */
function counting(): { count: Count; act: RequestListener; follow: (server: Server) => Server } {
  const count: Count = { requests: [], bodies: [], connections: 0 }
  return {
    count,
    act(request, response) {
      count.requests.push(request)
      let body = ''
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      request.on('end', () => {
        count.bodies.push(body)
        response.end('ok')
      })
    },
    follow: server => server.on('connection', () => (count.connections += 1)),
  }
}

const short = ['--rate', '200', '--duration', '400ms']

describe('TLS', () => {
  async function serveTls(): Promise<{ url: string; count: Count }> {
    const { count, act, follow } = counting()
    const port = await listen(follow(https.createServer({ cert, key }, act)))
    return { url: `https://127.0.0.1:${port}/`, count }
  }

  it.each(['fresh', 'reused'])('refuses a certificate that nobody vouches for (%s)', async use => {
    const { url, count } = await serveTls()
    const { document, exitCode } = await account(url, ...short, '--connection-use', use)
    expect(exitCode).toBe(1)
    expect(byClass(document)).toEqual({ 'tls.cert': document.sent })
    expect(document.scheduled).toBe(80)
    expect(count.requests).toEqual([])
  })

  it.each(['fresh', 'reused'])('takes any certificate with --insecure (%s)', async use => {
    const { url, count } = await serveTls()
    const flags = ['--insecure', '--connection-use', use, '--connections', '4']
    const { document, exitCode, stderr } = await account(url, ...short, ...flags)
    expect(document).toMatchObject({ scheduled: 80, failures: [] })
    expect(count.requests).toHaveLength(document.succeeded)
    // A machine that gives the driver no core makes the measurement doubtful, and nothing else here can.
    expect(exitCode).toBe(document.doubts.length === 0 ? 0 : 3)
    expect(stderr).not.toContain('Warning')
  })

  it('tells each way in which a handshake can break', async () => {
    const plain = await listen(createServer(counting().act))
    const closing = await listen(createTcp(socket => void socket.once('data', () => socket.end())))
    const resetting = await listen(
      createTcp(socket => void socket.once('data', () => socket.resetAndDestroy())),
    )
    const choosy = await listen(createTls({ cert, key, ALPNProtocols: ['echo/1'] }))
    const expected = [
      [plain, 'tls.protocol'],
      [closing, 'tls.closed'],
      [resetting, 'tls.reset'],
      [choosy, 'tls.alert'],
    ] as const
    for (const [port, name] of expected) {
      const { document } = await account(`https://127.0.0.1:${port}/`, ...short, '--insecure')
      expect(byClass(document)).toEqual({ [name]: document.sent })
    }
  })

  it('waits no longer for a handshake than for an answer', async () => {
    const port = await listen(createTcp(() => undefined))
    const flags = ['--rate', '50', '--duration', '200ms', '--timeout', '300ms']
    const { document } = await account(`https://127.0.0.1:${port}/`, ...flags)
    expect(byClass(document)).toEqual({ 'timeout.tls': document.sent })
  })
})

describe('HTTP/2', () => {
  it.each(['fresh', 'reused'])('is agreed on by ALPN over TLS (%s)', async use => {
    const versions: string[] = []
    let sessions = 0
    const server = http2.createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
      versions.push(request.httpVersion)
      response.end('ok')
    })
    server.on('session', () => (sessions += 1))
    const port = await listen(server)
    const flags = ['--http', '2', '--insecure', '--connection-use', use, '--connections', '4']
    const { document } = await account(`https://127.0.0.1:${port}/`, ...short, ...flags)
    expect(document).toMatchObject({ scheduled: 80, failures: [] })
    expect(versions).toEqual(Array.from({ length: document.succeeded }, () => '2.0'))
    if (use === 'fresh') expect(sessions).toBe(document.sent)
    else expect(sessions).toBeLessThanOrEqual(4)
  })

  it('is spoken at once without TLS, with a request of the user’s own', async () => {
    const seen: unknown[] = []
    const server = http2.createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      request.on('end', () => {
        seen.push([request.method, request.url, request.authority, request.headers['x-team'], body])
        response.end('ok')
      })
    })
    const port = await listen(server)
    const flags = ['--http', '2', '--method', 'PATCH', '--body', 'é', '--header', 'X-Team: a b']
    const { document } = await account(`http://127.0.0.1:${port}/a?b=c`, ...short, ...flags)
    expect(document).toMatchObject({ scheduled: 80, failures: [] })
    const expected = ['PATCH', '/a?b=c', `127.0.0.1:${port}`, 'a b', 'é']
    expect(seen).toEqual(Array.from({ length: document.sent }, () => expected))
  })

  it('is not spoken by a server of HTTP/1.1, and each request says so', async () => {
    const { count, act } = counting()
    const plain = await listen(createServer(act))
    const silentOnAlpn = await listen(createTls({ cert, key }))
    const onlyHttp1 = await listen(https.createServer({ cert, key, ALPNProtocols: ['http/1.1'] }, act))
    const expected = [
      [`http://127.0.0.1:${plain}/`, [], 'h2.protocol'],
      [`https://127.0.0.1:${silentOnAlpn}/`, ['--insecure'], 'tls.protocol'],
      [`https://127.0.0.1:${onlyHttp1}/`, ['--insecure'], 'tls.alert'],
    ] as const
    for (const [url, more, name] of expected) {
      const { document, exitCode } = await account(url, ...short, '--http', '2', ...more)
      expect({ exitCode, failures: byClass(document) }).toEqual({
        exitCode: 1,
        failures: { [name]: document.sent },
      })
    }
    expect(count.requests).toEqual([])
  })

  it('has its own words for the end of a stream, each with the number of its code', async () => {
    let count = 0
    const server = http2.createServer()
    server.on('stream', stream => {
      count += 1
      stream.on('error', () => undefined)
      if (count % 4 === 0) stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
      else if (count % 4 === 1) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
      else stream.respond({ ':status': 200 }, { endStream: true })
    })
    const port = await listen(server)
    const { document } = await account(`http://127.0.0.1:${port}/`, ...short, '--http', '2')
    expect(count).toBe(document.sent)
    expect(byClass(document)).toEqual({
      'h2.stream-reset.2': Math.floor(count / 4),
      'h2.refused-stream': Math.floor((count + 3) / 4),
    })
  })
})

describe('connections', () => {
  it('are kept, or opened for each request, or both at once', async () => {
    for (const use of ['fresh', 'reused', 'both']) {
      const { count, act, follow } = counting()
      const port = await listen(follow(createServer(act)))
      const flags = ['--connection-use', use, '--connections', '5']
      const { document } = await account(`http://127.0.0.1:${port}/`, ...short, ...flags)
      expect(document).toMatchObject({ connectionUse: use, scheduled: 80, failures: [] })
      expect(count.requests).toHaveLength(document.succeeded)
      const own = count.requests.filter(({ headers }) => headers.connection === 'close').length
      if (use === 'fresh') expect([own, count.connections]).toEqual([document.sent, document.sent])
      // Of the kept set alone: a request that finds all of it busy, as on a slow machine, opens one of its own, too.
      else expect(count.connections - own).toBeLessThanOrEqual(5)
      if (use === 'reused') expect(own).toBeLessThan(document.sent)
      if (use === 'both') expect(own).toBeGreaterThanOrEqual(40 - document.skipped)
    }
  })
})

describe('the request', () => {
  it('is what was asked for, with a body out of a file', async () => {
    const { count, act } = counting()
    const port = await listen(createServer(act))
    const folder = await mkdtemp(path.join(tmpdir(), 'rollproof-load-'))
    ends.push(() => rm(folder, { recursive: true }))
    const body = 'line\r\n\0ü'.repeat(5000)
    writeFileSync(path.join(folder, 'body'), body)
    const flags = ['--body', `@${path.join(folder, 'body')}`, '--header', 'Content-Type: text/x']
    const { document } = await account(
      `http://127.0.0.1:${port}/`,
      '--rate',
      '50',
      '--duration',
      '200ms',
      ...flags,
    )
    expect(document).toMatchObject({ method: 'POST', scheduled: 10, failures: [] })
    expect(count.bodies).toHaveLength(document.sent)
    expect(count.bodies.every(each => each === body)).toBe(true)
    expect(count.requests.every(({ headers }) => headers['content-type'] === 'text/x')).toBe(true)
  })

  it('is a HEAD whose answer tells the length of a body that does not come', async () => {
    const methods: (string | undefined)[] = []
    const port = await listen(
      createServer((request, response) => {
        methods.push(request.method)
        response.setHeader('content-length', 5000).end()
      }),
    )
    const { document } = await account(`http://127.0.0.1:${port}/`, ...short, '--method', 'head')
    expect(document).toMatchObject({ method: 'HEAD', scheduled: 80, failures: [] })
    expect(methods).toEqual(Array.from({ length: document.sent }, () => 'HEAD'))
  })
})
