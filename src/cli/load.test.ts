/** `rollproof load` as a user meets it, against servers whose own count is the truth. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, describe, expect, it } from 'vitest'
import type { LoadSummary } from '../report/load-summary.ts'
import { runCommand, startCommand, type CommandEnd } from '../testing/command.ts'

const schema = JSON.parse(
  readFileSync(new URL('../report/load.schema.json', import.meta.url), 'utf8'),
) as object
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema)

let server: Server | null = null
afterEach(async () => {
  server?.closeAllConnections()
  await new Promise(resolve => (server === null ? resolve(null) : server.close(resolve)))
  server = null
})

/** The requests that arrived, in order; each is dealt with by its number. */
async function serve(
  act: (count: number, ...rest: Parameters<RequestListener>) => void = (_, __, response) =>
    response.end('ok'),
): Promise<{ url: string; arrived: IncomingMessage[] }> {
  const arrived: IncomingMessage[] = []
  server = createServer((request, response) => {
    arrived.push(request)
    act(arrived.length, request, response)
  })
  const listening = server
  await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, arrived }
}

const load = (url: string, ...flags: string[]): Promise<CommandEnd> => runCommand(['load', url, ...flags])

function documentOf({ stdout }: CommandEnd): LoadSummary & { schemaVersion: number } {
  const document = JSON.parse(stdout) as LoadSummary & { schemaVersion: number }
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
  expect(document.scheduled).toBe(document.sent + document.skipped)
  expect(document.sent).toBe(document.succeeded + document.failed + document.unresolved)
  expect(document.failures.reduce((sum, { count }) => sum + count, 0)).toBe(document.failed)
  return document
}

const short = ['--rate', '200', '--duration', '500ms', '-o', 'json']

describe('the account of a load', () => {
  it('is what the server counted, with a user’s own request', async () => {
    const { url, arrived } = await serve()
    const flags = [
      '--header',
      'X-Team: a',
      '--header',
      'Host: shop.example',
      '--body',
      'é',
      '--method',
      'PUT',
    ]
    const end = await load(`${url}/a?b=c`, ...short, ...flags)
    const document = documentOf(end)
    expect(document).toMatchObject({
      schemaVersion: 1,
      scheduled: 100,
      failed: 0,
      failures: [],
      method: 'PUT',
    })
    expect(arrived).toHaveLength(document.sent)
    for (const { method, url: path, headers } of arrived) {
      expect({ method, path }).toEqual({ method: 'PUT', path: '/a?b=c' })
      expect(headers).toMatchObject({ 'x-team': 'a', host: 'shop.example', 'content-length': '2' })
    }
    expect(document.latencyUs.count).toBe(document.succeeded)
  })

  it.each(['fresh', 'reused'] as const)('names each failure of %s connections', async use => {
    const { url, arrived } = await serve((count, request, response) => {
      if (count % 10 === 0) request.socket.destroy()
      else if (count % 10 === 5) response.writeHead(503).end()
      else response.end('ok')
    })
    const end = await load(url, ...short, '--connection-use', use, '--connections', '4')
    const document = documentOf(end)
    expect(end.exitCode).toBe(1)
    expect([...document.failures].sort((a, b) => (a.class < b.class ? -1 : 1))).toEqual([
      { class: 'closed.before-response', connection: use, count: Math.floor(arrived.length / 10) },
      { class: 'http.5xx', connection: use, count: Math.floor((arrived.length + 5) / 10) },
    ])
  })

  it('keeps fresh and reused connections apart, half of the rate each', async () => {
    const { url } = await serve((_, __, response) => response.writeHead(404).end())
    const { failures, scheduled } = documentOf(await load(url, ...short, '--connection-use', 'both'))
    expect(scheduled).toBe(100)
    expect(failures.map(({ class: name, connection }) => `${name} ${connection}`).sort()).toEqual([
      'http.4xx fresh',
      'http.4xx reused',
    ])
  })

  it('says that nothing listens', async () => {
    const { url } = await serve()
    await new Promise(resolve => server?.close(resolve))
    server = null
    const { failures, failed } = documentOf(await load(url, ...short))
    expect(failures).toEqual([{ class: 'connect.refused', connection: 'reused', count: failed }])
  })

  it('follows no redirect', async () => {
    const { url, arrived } = await serve((_, __, response) =>
      response.writeHead(302, { location: '/' }).end(),
    )
    const { failures, sent } = documentOf(await load(url, ...short))
    expect(failures).toEqual([{ class: 'http.3xx', connection: 'reused', count: sent }])
    expect(arrived).toHaveLength(sent)
  })

  it('is a table for a reader', async () => {
    const { url } = await serve((count, request, response) => {
      if (count === 7) request.socket.destroy()
      else response.end('ok')
    })
    const { stdout } = await load(url, '--rate', '100', '--duration', '200ms')
    expect(stdout).toMatch(/^GET http:.*\(50 reused connections, /)
    expect(stdout).toMatch(/1 {2}closed\.before-response {2}reused {2}the server may have done it/)
    expect(stdout).toMatch(/p50 .* ms.*max/)
  })

  it('closes its books when it is interrupted', async () => {
    const { url, arrived } = await serve((_, __, response) => response.end('ok'))
    const { child, ended } = startCommand(['load', url, '--rate', '100', '--duration', '10m', '-o', 'json'])
    while (arrived.length < 20) await new Promise(resolve => setImmediate(resolve))
    child.kill('SIGINT')
    const end = await ended
    expect(end.exitCode).toBe(130)
    expect(documentOf(end)).toMatchObject({ interrupted: 'SIGINT', failed: 0 })
  })
})

describe('wrong input ends with exit code 2', () => {
  it('with every problem at once, and what was expected', async () => {
    const flags = [
      '--rate',
      '20000',
      '--duration',
      '10',
      '--connections',
      '0',
      '--header',
      'none',
      '--http',
      '3',
    ]
    const { exitCode, stdout, stderr } = await load('ftp://127.0.0.1/', ...flags, '--pacing', 'evenly')
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toEqual([
      'ftp://127.0.0.1/: expected a URL like http://127.0.0.1:8080/path or https://…',
      '--rate 20000: expected a number from 0.01 to 10000 (--unbounded lifts the limit)',
      '--duration 10: expected a duration like 500ms, 10s or 2m of at most 10m (--unbounded lifts the limit)',
      '--connections 0: expected a whole number from 1 to 10000',
      '--header "none": expected a name and a value, as in "Accept: text/html"',
      '--http 3: expected one of 1.1, 2',
      '--pacing evenly: expected one of constant, poisson',
    ])
  })

  it('for a server that is neither here nor in a private network', async () => {
    const { exitCode, stderr } = await load('http://192.0.2.1/')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('192.0.2.1 is neither on this machine nor in a private network')
  })
})

it('a name that leads nowhere could not be measured', async () => {
  expect((await load('http://no-such-host.invalid/')).exitCode).toBe(3)
})
