/** Each end that a WebSocket can come to is counted once and as what it is, before its time and in the middle of it. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { present } from '../../base/assert.ts'
import type { Sample } from '../../model/load.ts'
import { HeldChannel } from '../held-channel.ts'
import { createLab, drive } from '../testdata/channel-lab.ts'
import { expectAsInjected, type Played, type Verdict } from '../testdata/ground-truth.ts'
import { startRawServer, type RawRequest, type RawServer } from '../testdata/raw-http-server.ts'
import { turns } from '../../testing/turns.ts'
import { webSocket, type WebSocketOptions } from './conversation.ts'

const options: WebSocketOptions = { path: '/socket', everyMs: 100, sign: 'ping' }

type Act = (request: RawRequest, server: RawServer) => void

function accept({ header }: RawRequest): string {
  const key = `${header('sec-websocket-key') ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  return createHash('sha1').update(key).digest('base64')
}

const hello = (request: RawRequest): string =>
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n' +
  `x-pod: scripted\r\nSec-WebSocket-Accept: ${accept(request)}\r\n\r\n`

function frame(code: number, payload: string, first = 0x80): Buffer {
  return Buffer.concat([Buffer.from([first | code, payload.length]), Buffer.from(payload, 'latin1')])
}

const close = (code: number, reason = ''): Buffer =>
  frame(8, String.fromCharCode(code >> 8, code & 255) + reason)

/** Open, and then these bytes; and FIN, as a server ends a WebSocket. */
function after(bytes: Buffer | string, then: 'fin' | 'stay' = 'fin'): Act {
  return request => {
    request.peer.write(hello(request))
    request.peer.write(bytes)
    if (then === 'fin') request.peer.fin()
  }
}

const answer = after(close(1000))
const hang: Act = (_, server) => void (server.hung += 1)
const protocol: Verdict = ['body', 'protocol', 'wrong-answer']
const abnormal = (reset: boolean): [Act, Verdict] => [
  request => {
    request.peer.write(hello(request))
    request.peer.write(frame(1, 'hello'))
    request.peer.later(() => (reset ? request.peer.reset() : request.peer.fin()))
  },
  ['body', 'abnormal-close', 'truncated'],
]
const goodbye = (code: number): [Act, Verdict] => [after(close(code, 'bye')), { status: code }]
const badGoodbye = (code: number): [Act, Verdict] => [
  after(close(code, 'bye')),
  ['status', 'status-other', 'wrong-answer'],
]
const breach = (bytes: Buffer | string): [Act, Verdict] => [after(bytes, 'stay'), protocol]
const badHello = (change: (text: string) => string): [Act, Verdict] => [
  request => request.peer.write(change(hello(request))),
  ['headers', 'protocol', 'wrong-answer'],
]

const faults: Record<string, [Act, Verdict]> = {
  'close 1000': goodbye(1000),
  'close 1001': goodbye(1001),
  'close 1012': goodbye(1012),
  'close without a code': [after(frame(8, '')), { status: 1005 }],
  'close 1001 byte by byte, after pings and messages in pieces': [
    request => {
      request.peer.write(hello(request))
      const all = [
        frame(9, 'are you there'),
        frame(1, 'h\xc3', 0),
        frame(9, ''),
        frame(0, '\xa9'),
        close(1001),
      ]
      for (const byte of Buffer.concat(all)) request.peer.write(Buffer.from([byte]))
    },
    { status: 1001 },
  ],
  'close 1011': badGoodbye(1011),
  'close 1013': badGoodbye(1013),
  'close 4000': badGoodbye(4000),
  'FIN without a close frame': abnormal(false),
  'RST without a close frame': abnormal(true),
  'FIN in the middle of a close frame': [
    after(close(1000).subarray(0, 3)),
    ['body', 'abnormal-close', 'truncated'],
  ],
  'a masked frame': breach(Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])),
  'a reserved bit': breach(frame(1, 'x', 0xc0)),
  'an opcode that is none': breach(frame(3, 'x')),
  'a control opcode that is none': breach(frame(11, 'x')),
  'a ping in pieces': breach(frame(9, 'x', 0)),
  'a ping that is too long': breach(Buffer.from([0x89, 126, 0, 200])),
  'a continuation of nothing': breach(frame(0, 'x')),
  'a message within a message': breach(Buffer.concat([frame(1, 'x', 0), frame(1, 'y')])),
  'a message that is too long': breach(Buffer.from([0x82, 127, 0, 0, 0, 0, 0x7f, 0, 0, 0])),
  'text that is not UTF-8': breach(frame(1, '\xc3\x28')),
  'text that ends within a letter': breach(frame(1, 'a\xc3')),
  'a close frame of one byte': breach(frame(8, 'x')),
  'a close code that may not be sent': breach(close(1006)),
  'a reason that is not UTF-8': breach(close(1000, '\xff')),
  'a wrong accept': badHello(text => text.replace(/Accept: .{4}/, 'Accept: AAAA')),
  'no accept': badHello(text => text.replace(/Sec-WebSocket-Accept: [^\r]*\r\n/, '')),
  'no upgrade': badHello(text => text.replace('Upgrade: websocket\r\n', '')),
  'an extension nobody asked for': badHello(text =>
    text.replace('x-pod', 'Sec-WebSocket-Extensions: permessage-deflate\r\nx-pod'),
  ),
  '503': [
    ({ peer }) => peer.write('HTTP/1.1 503 Unavailable\r\nContent-Length: 4\r\n\r\nbusy'),
    ['status', 'status-5xx', '5xx'],
  ],
  '404 until close': [
    ({ peer }) => {
      peer.write('HTTP/1.1 404 No\r\n\r\nnothing here')
      peer.fin()
    },
    ['status', 'status-4xx', 'wrong-answer'],
  ],
  '200': [
    ({ peer }) => peer.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    ['status', 'status-other', 'wrong-answer'],
  ],
  'FIN before the handshake': [({ peer }) => peer.fin(), ['headers', 'closed', 'closed']],
  'RST before the handshake': [({ peer }) => peer.reset(), ['headers', 'reset', 'reset']],
  'FIN in the handshake': [
    ({ peer }) => {
      peer.write('HTTP/1.1 101 Switch')
      peer.fin()
    },
    ['headers', 'closed', 'closed'],
  ],
  garbage: [({ peer }) => peer.write('\x15\x03\x01\0\x02\x02'), ['headers', 'malformed', 'wrong-answer']],
  'silence before the handshake': [hang, ['headers', 'timed-out', 'timed-out']],
}

async function play(
  act: Act,
  requests: number,
  changes: Partial<WebSocketOptions> & { answerMs?: number } = {},
): Promise<Omit<Played, 'injected'>> {
  const { answerMs = 0, ...others } = changes
  const server = await startRawServer(act)
  const lab = createLab()
  const route = { address: '127.0.0.1', port: server.port, roundTripMs: 0 }
  const begin = webSocket(lab.setting, { ...options, ...others })
  const samples = await drive(lab, {
    requests,
    connections: 4,
    answerMs,
    open: id => new HeldChannel(id, route, lab.setting, begin),
    hung: () => server.hung,
  })
  await server.close()
  return { samples, received: server.received.map(({ id }) => id) }
}

async function playMixed(script: (count: number) => string | null, requests: number): Promise<Played> {
  const injected = new Map<string, string>()
  const played = await play((request, server) => {
    const name = script(request.count)
    if (name === null) return answer(request, server)
    injected.set(request.id, name)
    present(faults[name], name)[0](request, server)
  }, requests)
  return { ...played, injected }
}

const verdictOf = (name: string): Verdict => present(faults[name], name)[1]

test.each(Object.keys(faults))('%s', async name => {
  const played = await playMixed(count => (count % 5 === 0 ? name : null), 25)
  expectAsInjected(played, verdictOf)
  expect(played.injected.size).toBe(5)
})

test('any mixture of them comes out as it went in', async () => {
  const script = fc.array(fc.option(fc.constantFrom(...Object.keys(faults)), { freq: 2 }), {
    minLength: 5,
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(script, async names => {
      expectAsInjected(await playMixed(count => names[count - 1] ?? null, names.length), verdictOf)
    }),
    { numRuns: 30 },
  )
})

/** What a client sent, unmasked: opcode and text. */
function read(bytes: Buffer): [number, string][] {
  const frames: [number, string][] = []
  for (let at = 0; at < bytes.length;) {
    const length = (bytes[at + 1] ?? 0) & 0x7f
    const mask = bytes.subarray(at + 2, at + 6)
    const payload = Buffer.from(bytes.subarray(at + 6, at + 6 + length))
    for (let index = 0; index < length; index++)
      payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0)
    frames.push([(bytes[at] ?? 0) & 15, payload.toString('latin1')])
    at += 6 + length
  }
  return frames
}

/** Answers pings, echoes texts, and says goodbye when we do, unless told otherwise. Time moves at each of our frames. */
function polite(except: { opcode: number; act: Act } | null = null): Act {
  return (request, server) => {
    request.peer.write(hello(request))
    server.hung += 1
    request.peer.onBytes(bytes => {
      for (const [code, text] of read(bytes)) {
        if (code === except?.opcode) except.act(request, server)
        else if (code === 9) request.peer.write(frame(10, text))
        else if (code === 1) request.peer.write(frame(1, text))
        else if (code === 8) {
          request.peer.write(frame(8, text))
          request.peer.fin()
        }
      }
    })
  }
}

/** Time passes in small steps until every request has its outcome. */
async function hold(act: Act, sign: WebSocketOptions['sign']): Promise<Sample[]> {
  const server = await startRawServer(act)
  const lab = createLab()
  const route = { address: '127.0.0.1', port: server.port, roundTripMs: 0 }
  const begin = webSocket(lab.setting, { ...options, sign })
  for (let id = 1; id <= 3; id++)
    new HeldChannel(id, route, lab.setting, begin).send(lab.exchange({ answerMs: 1000 }), lab.clock.nowUs())
  while (server.hung < 3) await turns(1)
  while (lab.samples.length < 3) {
    await turns(20)
    lab.clock.advance(50)
    lab.setting.deadlines.expire(lab.clock.nowUs())
  }
  await server.close()
  return lab.samples
}

const outcomes = (samples: Sample[]): unknown[] => samples.map(({ outcome }) => outcome)

test.each(['ping', 'echo', 'message'] as const)(
  'a WebSocket that is held with a %s now and then is closed by us, and that is a success',
  async sign => {
    const samples = await hold(polite(), sign)
    expect(outcomes(samples)).toEqual(Array(3).fill({ kind: 'succeeded', status: 1000 }))
    expect(samples.map(({ servedBy }) => servedBy)).toEqual(Array(3).fill('scripted'))
  },
)

test.each([
  ['a ping that is not answered', 9, hang, 'ping', 'timed-out'],
  ['a text that does not come back', 1, hang, 'echo', 'timed-out'],
  ['a goodbye that is not answered', 8, hang, 'message', 'timed-out'],
  ['a goodbye that is answered by FIN alone', 8, ({ peer }) => peer.fin(), 'message', 'abnormal-close'],
] satisfies [string, number, Act, WebSocketOptions['sign'], string][])(
  '%s is a failure',
  async (_name, opcode, act, sign, code) => {
    for (const outcome of outcomes(await hold(polite({ opcode, act }), sign)))
      expect(outcome).toMatchObject({ kind: 'failed', phase: 'body', code })
  },
)
