/** The frames of a connection without a socket: flow control, settings, and bytes that nobody should send. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Outcome } from '../../model/load.ts'
import { createLab } from '../testdata/channel-lab.ts'
import { ProtocolBreach } from './codes.ts'
import { PlainRequests } from './plain-requests.ts'
import { Http2Session } from './session.ts'
import { Stream } from './stream.ts'
import { block, frameOf, goaway, uint32 } from './testdata/fault-server.ts'

interface Seen {
  session: Http2Session
  /** What it tells of, in order. */
  events: string[]
  /** What it wrote, but for the preface. */
  frames(): { type: number; flags: number; streamId: number; payload: string }[]
  open(body?: string): Stream
  receive(...frames: Buffer[]): void
}

function begin(): Seen {
  const events: string[] = []
  let written = ''
  const note = (stream: Stream, what: string, outcome: Outcome | null = null): void => {
    events.push(`${stream.id} ${what}${outcome === null ? '' : ` ${JSON.stringify(outcome)}`}`)
    if (outcome !== null) session.streams.delete(stream.id)
  }
  const session: Http2Session = new Http2Session({
    write: text => void (written += text),
    onHead: (stream, head, end) => note(stream, `head ${head.status ?? ''}`, stream.takeHead(head, end)),
    onData: (stream, bytes, from, to, end) =>
      note(stream, `data ${to - from}`, stream.takeData(bytes, from, to, end)),
    onReset: (stream, code) => note(stream, `reset ${code}`),
    onBreach: (stream, what) => note(stream, `breach ${what}`),
    onGoaway: (last, code) => void events.push(`goaway ${last} ${code}`),
  })
  session.begin()
  written = ''
  const lab = createLab()
  const requests = new PlainRequests(lab.setting)
  return {
    session,
    events,
    frames() {
      const bytes = Buffer.from(written, 'latin1')
      written = ''
      const frames = []
      for (let at = 0; at < bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
        const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5)
        const payload = bytes.toString('latin1', at + 9, at + 9 + bytes.readUIntBE(at, 3))
        frames.push({ type, flags, streamId: bytes.readUInt32BE(at + 5), payload })
      }
      return frames
    },
    open(body = '') {
      const exchange = lab.exchange({ kind: body === '' ? 'get' : 'post' })
      const { id, sendWindow, receiveWindow } = session.nextStream()
      const reader = requests.reader(exchange)
      const stream = new Stream(id, exchange, reader, { body, sendWindow, receiveWindow })
      session.open(stream, requests.request(exchange).block)
      return stream
    },
    receive(...frames) {
      const bytes = Buffer.concat(frames)
      session.receive(bytes, bytes.length)
    },
  }
}

const settings = (...pairs: [id: number, value: number][]): Buffer =>
  frameOf(
    4,
    0,
    0,
    Buffer.concat(pairs.map(([id, value]) => Buffer.concat([Buffer.from([0, id]), uint32(value)]))),
  )
const window = (streamId: number, increment: number): Buffer => frameOf(8, 0, streamId, uint32(increment))

/** How the body of stream 1 went out: the pieces, and whether the last one ended the stream. */
function sentBody(seen: Seen): [number[], boolean] {
  const data = seen.frames().filter(({ type }) => type === 0)
  return [data.map(({ payload }) => payload.length), data.at(-1)?.flags === 1]
}

test('a body waits for the window of its stream, and follows it when the setting changes', () => {
  const seen = begin()
  seen.receive(settings([4, 100]))
  seen.open('x'.repeat(1000))
  expect(sentBody(seen)).toEqual([[100], false])
  seen.receive(window(1, 50))
  expect(sentBody(seen)).toEqual([[50], false])
  // The window goes below zero, and has to be paid back first.
  seen.receive(settings([4, 20]), window(1, 70))
  expect(sentBody(seen)).toEqual([[], false])
  seen.receive(window(1, 11))
  expect(sentBody(seen)).toEqual([[1], false])
  seen.receive(settings([4, 2000]))
  expect(sentBody(seen)).toEqual([[849], true])
})

test('bodies share the window of the connection, in pieces no longer than the peer takes', () => {
  const seen = begin()
  seen.receive(settings([4, 1_000_000], [5, 20_000]))
  seen.open('x'.repeat(60_000))
  expect(sentBody(seen)).toEqual([[20_000, 20_000, 20_000], true])
  seen.open('y'.repeat(10_000))
  expect(sentBody(seen)).toEqual([[5535], false])
  seen.receive(window(0, 10_000))
  expect(sentBody(seen)).toEqual([[4465], true])
})

test('what we are sent is paid back, to the stream and to the connection', () => {
  const seen = begin()
  const stream = seen.open()
  seen.receive(settings(), frameOf(1, 4, 1, block({ ':status': '200' })))
  for (let sent = 0; sent < 40; sent++) seen.receive(frameOf(0, 0, 1, Buffer.alloc(16_384)))
  const paid = seen.frames().filter(({ type, streamId }) => type === 8 && streamId === 1)
  expect(paid.map(({ payload }) => Buffer.from(payload, 'latin1').readUInt32BE(0))).toEqual([33 * 16_384])
  expect(stream.receiveWindow).toBe(1024 * 1024 - 7 * 16_384)
})

test('PING is answered with its own bytes, SETTINGS is acknowledged, and a lower limit of streams is kept to', () => {
  const seen = begin()
  expect(seen.session.maxStreams).toBe(100)
  seen.receive(settings([3, 7], [99, 5]), frameOf(6, 0, 0, '12345678'), frameOf(6, 1, 0, '12345678'))
  expect(seen.session.maxStreams).toBe(7)
  expect(seen.frames()).toEqual([
    { type: 4, flags: 1, streamId: 0, payload: '' },
    { type: 6, flags: 1, streamId: 0, payload: '12345678' },
  ])
  seen.receive(settings())
  expect(seen.session.maxStreams).toBe(7)
})

test('a long header block of ours goes out in pieces that every server takes', () => {
  const seen = begin()
  const { id, sendWindow, receiveWindow } = seen.session.nextStream()
  const exchange = createLab().exchange()
  const reader = new PlainRequests(createLab().setting).reader(exchange)
  const stream = new Stream(id, exchange, reader, { body: '', sendWindow, receiveWindow })
  seen.session.open(stream, 'h'.repeat(40_000))
  expect(seen.frames().map(({ type, flags, payload }) => [type, flags, payload.length])).toEqual([
    [1, 1, 16_384],
    [9, 0, 16_384],
    [9, 4, 7232],
  ])
})

test.each([
  ['PING', () => frameOf(6, 0, 0, '12345678')],
  ['SETTINGS', () => frameOf(4, 0, 0)],
])('a peer that sends %s without end is cut off', (_name, make) => {
  const seen = begin()
  const flood = Buffer.concat(Array.from({ length: 10_001 }, make))
  expect(() => seen.receive(settings(), flood)).toThrow(ProtocolBreach)
})

test.each([
  ['of many pieces', Array.from({ length: 200 }, () => frameOf(9, 0, 1))],
  ['of many bytes', Array.from({ length: 5 }, () => frameOf(9, 0, 1, Buffer.alloc(16_384)))],
])('a header block %s is cut off', (_name, pieces) => {
  const seen = begin()
  seen.open()
  expect(() => seen.receive(settings(), frameOf(1, 0, 1), ...pieces)).toThrow(ProtocolBreach)
})

const streamId = fc.constantFrom(0, 1, 3, 5, 2, 99)
const anyFrame = fc
  .tuple(fc.nat(12), fc.nat(255), streamId, fc.uint8Array({ maxLength: 40 }))
  .map(([type, flags, id, payload]) => frameOf(type, flags, id, Buffer.from(payload)))
const likelyFrame = fc.oneof(
  streamId.map(id => frameOf(1, 4, id, block({ ':status': '200' }))),
  streamId.map(id => frameOf(1, 5, id, block({ 'x-trailer': '1' }))),
  fc.tuple(streamId, fc.nat(20)).map(([id, size]) => frameOf(0, 0, id, 'x'.repeat(size))),
  streamId.map(id => frameOf(0, 1, id)),
  fc.tuple(streamId, fc.nat(14)).map(([id, code]) => frameOf(3, 0, id, uint32(code))),
  fc.nat(9).map(last => frameOf(7, 0, 0, goaway(last, 0))),
  fc.tuple(streamId, fc.nat(0x7fff_ffff)).map(([id, more]) => window(id, more)),
  fc.tuple(fc.nat(6), fc.nat(20_000)).map(([id, value]) => settings([id, value])),
)
const anyBytes = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))

/** All it told and wrote, and how it ended. */
function outcomeOf(bytes: Buffer, cuts: readonly number[]): unknown {
  const seen = begin()
  for (let count = 0; count < 3; count++) seen.open()
  const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  let breach = ''
  try {
    places.slice(1).forEach((to, index) => {
      // In an oversized buffer, as a shared read buffer would be.
      const piece = Buffer.concat([bytes.subarray(places[index], to), Buffer.alloc(20, 0xff)])
      seen.session.receive(piece, piece.length - 20)
    })
  } catch (error) {
    if (!(error instanceof ProtocolBreach)) throw error
    breach = error.what
  }
  return { events: seen.events, frames: seen.frames(), breach }
}

test('whatever comes, in whatever pieces, it is taken for the same', () => {
  const content = fc.oneof(
    fc.array(fc.oneof(likelyFrame, likelyFrame, anyFrame), { maxLength: 12 }),
    anyBytes.map(bytes => [bytes]),
  )
  const cuts = fc.array(fc.nat(2000), { maxLength: 30 })
  fc.assert(
    fc.property(content, fc.boolean(), cuts, (frames, wellBegun, places) => {
      const bytes = Buffer.concat(wellBegun ? [settings(), ...frames] : frames)
      expect(outcomeOf(bytes, places)).toEqual(outcomeOf(bytes, []))
    }),
    { numRuns: 3000 },
  )
})

test("a block that comes again is read again where it leans on the server's table", () => {
  const seen = begin()
  const podOf = (...bytes: (number | string)[]): string | null => {
    const stream = seen.open()
    const whole = Buffer.concat(bytes.map(each => Buffer.from(typeof each === 'number' ? [each] : each)))
    seen.receive(frameOf(1, 5, stream.id, whole))
    return stream.head?.servedBy ?? null
  }
  const ok = 0x88
  const added = (pod: string): (number | string)[] => [ok, 0x40, 5, 'x-pod', 1, pod]
  const newest = 0x80 + 62
  seen.receive(settings())
  const pods = [[ok], [ok], added('a'), [ok, newest], [ok], added('b'), [ok, newest], [ok, newest], [ok]]
  expect(pods.map(each => podOf(...each))).toEqual([null, null, 'a', 'a', null, 'b', 'b', 'b', null])
  // What adds to it adds each time.
  expect([podOf(...added('d')), podOf(...added('d')), podOf(ok, newest + 1)]).toEqual(['d', 'd', 'd'])
  // A name from the table, with a value of its own.
  expect([podOf(ok, 0x0f, 62 - 15, 1, 'c'), podOf(ok, 0x40, 1, 'x', 1, 'y')]).toEqual(['c', null])
  expect(podOf(ok, 0x0f, 62 - 15, 1, 'c')).toBe(null)
})
