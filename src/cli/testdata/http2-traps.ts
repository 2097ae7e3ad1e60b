/**
 * A server of HTTP/2 without TLS, written frame by frame after RFC 9113 and 7541 alone, that does one thing of a list to
 * each request, at random, and counts what a client must make of it. It shares no code with the driver.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Random } from '../../base/random.ts'
import { count, dealer, type TrapServer } from './dealing.ts'
import { listening } from './listening.ts'

export interface StreamTrap {
  name: string
  /** The class of failure that it is; null where the answer is whole. */
  expected: string | null
  /** The frames that are written for the stream. */
  frames: (id: number) => Buffer[]
  then?: 'end' | 'reset'
}

const [DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
]
const END_STREAM = 1
const END_HEADERS = 4
const PADDED = 8
const MOST = 0x7fff_ffff

function frame(type: number, flags: number, id: number, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(id, 5)
  return Buffer.concat([head, body])
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, at) => bytes.writeUInt32BE(value, at * 4))
  return bytes
}

/** A literal field without indexing and without Huffman's code (RFC 7541, 6.2.2). */
const field = (name: string, value: string): string =>
  `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`
/** Of the static table (RFC 7541, appendix A). */
const status = { 200: '\x88', 204: '\x89', 404: '\x8d', 500: '\x8e' }
const length = (bytes: number): string => field('content-length', String(bytes))

const headers = (id: number, block: string, flags = 0): Buffer => frame(HEADERS, END_HEADERS | flags, id, block)
const data = (id: number, text: string, flags = END_STREAM): Buffer => frame(DATA, flags, id, text)
const answer = (id: number): Buffer[] => [headers(id, status[200]), data(id, 'ok')]
const settings = (...pairs: [id: number, value: number][]): Buffer =>
  frame(
    SETTINGS,
    0,
    0,
    Buffer.concat(pairs.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), words(value)]))),
  )
const goaway = (last: number, code: number): Buffer => frame(GOAWAY, 0, 0, words(last, code))

const whole = (name: string, frames: StreamTrap['frames']): StreamTrap => ({ name, expected: null, frames })
const broken = (expected: string, name: string, frames: StreamTrap['frames']): StreamTrap => ({
  name,
  expected,
  frames,
})

/** What happens to one stream, and leaves the connection and its other streams as they are. */
export const streamTraps: readonly StreamTrap[] = [
  whole('plain', answer),
  whole('no content', id => [headers(id, status[204], END_STREAM)]),
  whole('a length', id => [headers(id, status[200] + length(2)), data(id, 'ok')]),
  whole('an empty last frame', id => [headers(id, status[200] + length(2)), data(id, 'ok', 0), data(id, '')]),
  whole('padding', id => [
    frame(HEADERS, END_HEADERS | PADDED, id, `\x05${status[200]}\0\0\0\0\0`),
    frame(DATA, END_STREAM | PADDED, id, '\x03ok\0\0\0'),
  ]),
  whole('nothing but padding', id => [
    headers(id, status[200] + length(2)),
    frame(DATA, PADDED, id, '\x02\0\0'),
    data(id, 'ok'),
  ]),
  whole('a priority in the header', id => [
    frame(HEADERS, END_HEADERS | 32, id, `\0\0\0\0\x10${status[200]}`),
    data(id, 'ok'),
  ]),
  whole('CONTINUATION', id => [
    frame(HEADERS, 0, id, status[200]),
    frame(CONTINUATION, 0, id, ''),
    frame(CONTINUATION, END_HEADERS, id, length(2)),
    data(id, 'ok'),
  ]),
  whole('trailers', id => [headers(id, status[200]), data(id, 'ok', 0), headers(id, field('x-sum', '1'), END_STREAM)]),
  whole('an interim answer', id => [headers(id, field(':status', '103')), ...answer(id)]),
  whole('a ping before it', id => [frame(PING, 0, 0, '12345678'), ...answer(id)]),
  whole('frames of other kinds', id => [
    frame(PRIORITY, 0, id, '\0\0\0\0\x10'),
    frame(0xfa, 0xff, id, 'anything'),
    frame(WINDOW_UPDATE, 0, id, words(1000)),
    frame(WINDOW_UPDATE, 0, 0, words(1000)),
    ...answer(id),
  ]),
  whole('new settings', id => [settings([1, 65_536], [4, 1_000_000], [5, 65_536], [0xaaaa, 1]), ...answer(id)]),
  whole('a table of no size', id => [settings([1, 0]), headers(id, `\x20${status[200]}`), data(id, 'ok')]),
  whole('data after the end', id => [...answer(id), data(id, 'more')]),
  whole('a reset after the end', id => [...answer(id), frame(RST_STREAM, 0, id, words(0))]),
  broken('http.4xx', '404', id => [headers(id, status[404], END_STREAM)]),
  broken('http.5xx', '500', id => [headers(id, status[500]), data(id, 'no')]),
  ...[0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 77].map(code =>
    broken(`h2.stream-reset.${code}`, `reset with ${code}`, id => [frame(RST_STREAM, 0, id, words(code))]),
  ),
  broken('h2.refused-stream', 'refused', id => [frame(RST_STREAM, 0, id, words(7))]),
  ...[0, 2, 7, 8].map(code =>
    broken('h2.mid-body', `reset in the body with ${code}`, id => [
      headers(id, status[200]),
      data(id, 'ok', 0),
      frame(RST_STREAM, 0, id, words(code)),
    ]),
  ),
  broken('h2.mid-body', 'shorter than its length', id => [headers(id, status[200] + length(3)), data(id, 'ok')]),
  broken('h2.mid-body', 'shorter, with trailers', id => [
    headers(id, status[200] + length(3)),
    data(id, 'ok', 0),
    headers(id, field('x-sum', '1'), END_STREAM),
  ]),
  broken('http.malformed', 'longer than its length', id => [headers(id, status[200] + length(1)), data(id, 'ok')]),
  broken('http.malformed', 'two lengths', id => [headers(id, status[200] + length(1) + length(2)), data(id, 'ok')]),
  broken('http.malformed', 'no header', id => [data(id, 'ok')]),
  broken('http.malformed', 'no status', id => [headers(id, field('server', 'x')), data(id, 'ok')]),
  broken('http.malformed', '101', id => [headers(id, field(':status', '101'))]),
  broken('http.malformed', 'capitals', id => [headers(id, status[200] + field('X-Pod', 'a')), data(id, 'ok')]),
  broken('http.malformed', 'a field of connections', id => [
    headers(id, status[200] + field('connection', 'close')),
    data(id, 'ok'),
  ]),
  broken('http.malformed', 'a status after fields', id => [headers(id, field('a', 'b') + status[200]), data(id, 'ok')]),
  broken('http.malformed', 'trailers that do not end it', id => [
    headers(id, status[200]),
    headers(id, field('x-sum', '1')),
  ]),
  broken('h2.protocol', 'a window that overflows', id => [frame(WINDOW_UPDATE, 0, id, words(MOST))]),
  broken('h2.protocol', 'a window that grows by nothing', id => [frame(WINDOW_UPDATE, 0, id, words(0))]),
]

const breach = (name: string, frames: StreamTrap['frames']): StreamTrap => broken('h2.protocol', name, frames)

/** What happens to the whole connection. */
export const connectionTraps: readonly StreamTrap[] = [
  whole('plain', answer),
  whole('GOAWAY above it', id => [goaway(MOST, 0), ...answer(id), goaway(id, 0)]),
  whole('GOAWAY at it', id => [goaway(id, 0), ...answer(id)]),
  whole('GOAWAY with an error, and an answer', id => [goaway(id, 2), ...answer(id)]),
  whole('no more streams', id => [settings([3, 0]), ...answer(id)]),
  whole('one stream at a time', id => [settings([3, 1]), ...answer(id)]),
  whole('pings', id => [...Array.from({ length: 500 }, () => frame(PING, 0, 0, '12345678')), ...answer(id)]),
  { ...whole('an end after it', answer), then: 'end' },
  { ...whole('an RST after it', answer), then: 'reset' },
  broken('h2.goaway-unprocessed', 'GOAWAY below it', () => [goaway(0, 0)]),
  broken('h2.goaway-unprocessed', 'GOAWAY below it, with an error', () => [goaway(0, 11)]),
  { ...broken('h2.goaway-error.2', 'GOAWAY at it, and an end', id => [goaway(id, 2)]), then: 'end' },
  { ...broken('h2.goaway-error.11', 'GOAWAY above it, and an end', () => [goaway(MOST, 11)]), then: 'end' },
  { ...broken('closed.before-response', 'a graceful GOAWAY, and an end', id => [goaway(id, 0)]), then: 'end' },
  { ...broken('closed.before-response', 'an end', () => []), then: 'end' },
  { ...broken('closed.mid-body', 'an end after the header', id => [headers(id, status[200])]), then: 'end' },
  { ...broken('closed.mid-body', 'an end in a frame', id => [headers(id, status[200]), data(id, 'okay').subarray(0, 11)]), then: 'end' },
  { ...broken('closed.mid-headers', 'an end after an interim answer', id => [headers(id, field(':status', '103'))]), then: 'end' },
  { ...broken('reset.before-response', 'an RST', () => []), then: 'reset' },
  breach('PUSH_PROMISE', id => [frame(PUSH_PROMISE, END_HEADERS, id, `\0\0\0\x02${status[200]}`)]),
  breach('a window that overflows', () => [frame(WINDOW_UPDATE, 0, 0, words(MOST))]),
  breach('data for no stream', () => [data(0, 'ok')]),
  breach('a header for no stream', () => [headers(0, status[200])]),
  breach('a reset of no stream', () => [frame(RST_STREAM, 0, 0, words(8))]),
  breach('a stream that nobody began', id => answer(id + 2)),
  breach('a stream of the server’s own', () => answer(2)),
  breach('a frame that is too large', id => [headers(id, status[200]), data(id, 'x'.repeat(16_385))]),
  breach('a ping of seven bytes', () => [frame(PING, 0, 0, '1234567')]),
  breach('settings of five bytes', () => [frame(SETTINGS, 0, 0, '12345')]),
  breach('settings for a stream', id => [frame(SETTINGS, 0, id, '')]),
  breach('a confirmation with content', () => [frame(SETTINGS, 1, 0, '123456')]),
  breach('a GOAWAY for a stream', id => [frame(GOAWAY, 0, id, words(0, 0))]),
  breach('a CONTINUATION of nothing', id => [frame(CONTINUATION, END_HEADERS, id, status[200])]),
  breach('a ping in a header', id => [frame(HEADERS, 0, id, status[200]), frame(PING, 0, 0, '12345678')]),
  breach('more padding than frame', id => [frame(HEADERS, END_HEADERS | PADDED, id, `\x09${status[200]}`)]),
  breach('a field that no table holds', id => [headers(id, '\xff\xff\x7f')]),
  breach('field number 0', id => [headers(id, '\x80')]),
  breach('a table larger than allowed', id => [headers(id, `\x3f\xe1\xff\x07${status[200]}`)]),
  breach('pings without end', () => Array.from({ length: 12_000 }, () => frame(PING, 0, 0, '12345678'))),
  breach('an answer in HTTP/1.1', () => []),
]

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** Deals each request one of `traps`: all of them in some order, and again in another. */
export async function trapHttp2(random: Random, traps: readonly StreamTrap[]): Promise<TrapServer> {
  const sockets = new Set<Socket>()
  const deal = dealer(random, traps)
  const spring = (socket: Socket, id: number, first: boolean): void => {
    const { name, expected, frames, then } = deal()
    told.arrived += 1
    if (expected !== null) count(told.expected, expected)
    if (name === 'an answer in HTTP/1.1') return void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    const greeting = first ? [settings(), frame(SETTINGS, 1, 0, '')] : []
    socket.write(Buffer.concat([...greeting, ...frames(id)]))
    if (then === 'end') socket.end()
    if (then === 'reset') socket.resetAndDestroy()
  }
  const server: Server = createServer({ noDelay: true, allowHalfOpen: true }, socket => {
    sockets.add(socket)
    let seen = Buffer.alloc(0)
    let at = PREFACE.length
    let first = true
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('end', () => socket.end())
    socket.on('data', bytes => {
      seen = Buffer.concat([seen, bytes])
      while (seen.length >= at + 9 && seen.length >= at + 9 + seen.readUIntBE(at, 3)) {
        const id = seen.readUInt32BE(at + 5)
        const type = seen[at + 3]
        at += 9 + seen.readUIntBE(at, 3)
        if (type === HEADERS) spring(socket, id, first)
        if (type === HEADERS) first = false
      }
      if (seen.length < at) return
      seen = seen.subarray(at)
      at = 0
    })
  })
  const told: TrapServer = { ...(await listening(server, sockets)), arrived: 0, expected: {} }
  return told
}
