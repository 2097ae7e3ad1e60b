import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Outcome } from '../model/load.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import type { ChannelSetting } from './channel.ts'
import { Connection } from './connection.ts'
import { Deadlines } from './deadlines.ts'
import { DelayLine } from './delay-line.ts'
import type { Exchange } from './exchange.ts'
import { Link, type LinkListener } from './link.ts'
import { RequestTexts } from './request-text.ts'
import { turns } from '../testing/turns.ts'

const ROUND_TRIP_MS = 20
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

let clock: FakeClock
let accepted: Socket[]
let received: { text: string; atMs: number }[]
const startMs = new FakeClock().nowUs() / 1000
const nowMs = (): number => clock.nowUs() / 1000 - startMs
const server = createServer({ allowHalfOpen: true }, socket => {
  accepted.push(socket)
  socket.on('error', () => socket.destroy())
  socket.on('data', bytes => received.push({ text: bytes.toString(), atMs: nowMs() }))
  socket.on('end', () => received.push({ text: 'FIN', atMs: nowMs() }))
})

beforeEach(async () => {
  clock = new FakeClock()
  accepted = []
  received = []
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  for (const socket of accepted) socket.destroy()
  await new Promise(resolve => server.close(resolve))
})

const route = (roundTripMs: number, port = (server.address() as AddressInfo).port) => ({
  address: '127.0.0.1',
  port,
  roundTripMs,
})

/** One millisecond of fake time after the other, with real sockets doing their part in between. */
async function pass(ms: number): Promise<void> {
  for (let step = 0; step < ms; step++) {
    await turns(5)
    clock.advance(1)
  }
  await turns(5)
}

function openLink(roundTripMs: number, port?: number): { link: Link; seen: [string, number][] } {
  const seen: [string, number][] = []
  const note = (what: string): void => void seen.push([what, nowMs()])
  const listener: LinkListener = {
    onEstablished: () => note('established'),
    onBytes: (bytes, length) => note(bytes.toString('latin1', 0, length)),
    onFin: () => note('FIN'),
    onBroken: (syscall, code) => note(`${syscall} ${code}`),
  }
  return { link: new Link(route(roundTripMs, port), listener, new DelayLine(clock)), seen }
}

test('with a round trip, a connect takes the whole of it and each direction half of it, in order', async () => {
  const { link, seen } = openLink(ROUND_TRIP_MS)
  await pass(25)
  expect(seen).toEqual([['established', 20]])
  link.write('one')
  link.write('two')
  await pass(15)
  expect(received).toEqual([{ text: 'onetwo', atMs: 35 }])
  accepted[0]?.write('three')
  await turns(5)
  accepted[0]?.end('four')
  await pass(9)
  expect(seen).toHaveLength(1)
  await pass(15)
  expect(seen.slice(1)).toEqual([
    ['three', 50],
    ['four', 50],
    ['FIN', 50],
  ])
  link.finish()
  await pass(15)
  expect(received.slice(1)).toEqual([{ text: 'FIN', atMs: 74 }])
})

test('a FIN is not answered before the client has seen it and closed', async () => {
  openLink(0)
  await pass(2)
  accepted[0]?.end()
  await pass(50)
  expect(received).toEqual([])
})

test('a refusal is seen a round trip after the connect began', async () => {
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  const { seen } = openLink(ROUND_TRIP_MS, port)
  await pass(30)
  expect(seen).toEqual([['connect ECONNREFUSED', 20]])
})

test('an RST is seen as such, after the bytes that came before it', async () => {
  for (const roundTripMs of [0, ROUND_TRIP_MS]) {
    const { seen } = openLink(roundTripMs)
    await pass(25)
    accepted.at(-1)?.write('half')
    await pass(1)
    accepted.at(-1)?.resetAndDestroy()
    await pass(15)
    expect(seen.map(([what]) => what)).toEqual(['established', 'half', 'read ECONNRESET'])
  }
})

test('an RST that comes right behind the bytes is seen as such, and a FIN as a FIN', async () => {
  const seenAs = async (last: (socket: Socket) => void): Promise<string[]> => {
    const { seen } = openLink(0)
    await pass(2)
    const socket = accepted.at(-1)
    socket?.write('half')
    if (socket !== undefined) last(socket)
    await pass(5)
    return seen.map(([what]) => what)
  }
  for (let round = 0; round < 20; round++) {
    expect(await seenAs(socket => socket.resetAndDestroy())).toEqual([
      'established',
      'half',
      'read ECONNRESET',
    ])
    expect(await seenAs(socket => socket.end())).toEqual(['established', 'half', 'FIN'])
  }
})

test('a request written while the FIN of the server is on its way is lost, and only with a round trip', async () => {
  for (const roundTripMs of [0, ROUND_TRIP_MS]) {
    const setting: ChannelSetting = {
      clock,
      wire: new DelayLine(clock),
      deadlines: new Deadlines(),
      host: 'web',
      tls: null,
      request: null,
      connectTimeoutMs: 1000,
      firstByteTimeoutMs: 1000,
    }
    const outcomes: Outcome[] = []
    const connection = new Connection(1, route(roundTripMs), setting, new RequestTexts('web', 0, null))
    connection.send(exchangeFor(outcomes), clock.nowUs())
    await pass(31)
    accepted.at(-1)?.write(answer)
    await pass(11)
    expect(outcomes).toEqual([{ kind: 'succeeded', status: 200 }])

    accepted.at(-1)?.end()
    await pass(5)
    expect(connection.idle).toBe(roundTripMs > 0)
    if (roundTripMs === 0) continue
    connection.send(exchangeFor(outcomes), clock.nowUs())
    await pass(30)
    expect(outcomes[1]).toEqual({
      kind: 'failed',
      phase: 'headers',
      code: 'closed',
      status: null,
      detail: 'read EOF',
    })
    expect(connection.idle).toBe(false)
  }
})

function exchangeFor(outcomes: Outcome[]): Exchange {
  return {
    sample: {
      seq: 0,
      population: 'reused',
      kind: 'get',
      scheduledUs: 0,
      sentUs: 0,
      writtenUs: null,
      firstByteUs: null,
      endedUs: null,
      connection: null,
      servedBy: null,
      outcome: { kind: 'unresolved' },
    },
    requestId: '0a1b2c3d-0',
    answerMs: 0,
    uploadMs: 0,
    kept: true,
    settle: outcome => outcomes.push(outcome),
  }
}
