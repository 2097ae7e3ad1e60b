/** Against a client whose header blocks are made and read by zlib itself. */
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { createInflate } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { OpeningFrames } from '../testing/opening-frames.ts'
import { dictionary } from './dictionary.ts'
import { dataFrame, pingFrame, resetFrame } from './frames.ts'
import type { Headers } from './headers.ts'
import { SpdySession } from './session.ts'

/** zlib works in threads, which a busy machine keeps waiting. */
const patience = { timeout: 10_000 }

let session: SpdySession
let sent: Buffer
let paused: boolean
let closed: boolean
let streams: { headers: Headers; stream: Duplex }[]
let opening: OpeningFrames

beforeEach(() => {
  sent = Buffer.alloc(0)
  streams = []
  paused = closed = false
  opening = new OpeningFrames()
  const wire = {
    send(bytes: Buffer, onSent: () => void): void {
      sent = Buffer.concat([sent, bytes])
      onSent()
    },
    pause: () => void (paused = true),
    resume: () => void (paused = false),
    close: () => void (closed = true),
  }
  session = new SpdySession(wire, headers =>
    headers.has('refuse') ? null : stream => void streams.push({ headers, stream }),
  )
})
afterEach(() => session.close())

const open = (id: number, headers: Record<string, string>, fin = false): Promise<Buffer> =>
  opening.next(id, headers, fin)

/** Frames as `head body`, without what they say in bytes. */
function frames(): { head: string; body: Buffer }[] {
  const found = []
  for (let at = 0; at < sent.length;) {
    const end = at + 8 + sent.readUIntBE(at + 5, 3)
    found.push({ head: sent.toString('hex', at, at + 5), body: sent.subarray(at + 8, end) })
    at = end
  }
  return found
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await setImmediate()
}

async function streamsOpened(count: number): Promise<void> {
  await expect.poll(() => streams.length, patience).toBe(count)
}

it('reads headers of a compressor that goes on from block to block, however the bytes are cut', async () => {
  const bytes = Buffer.concat([
    await open(1, { streamtype: 'error', port: '8080', requestid: '0' }, true),
    await open(3, { streamtype: 'data', port: '8080', requestid: '0' }),
  ])
  for (const byte of bytes) session.received(Buffer.from([byte]))
  await streamsOpened(2)
  expect(streams.map(({ headers }) => Object.fromEntries(headers))).toEqual([
    { streamtype: 'error', port: '8080', requestid: '0' },
    { streamtype: 'data', port: '8080', requestid: '0' },
  ])
})

it('answers with header blocks that zlib can read, one after the other', async () => {
  for (const id of [1, 3, 5]) session.received(await open(id, { a: 'b' }))
  await streamsOpened(3)
  const replies = frames()
  expect(replies.map(({ head, body }) => [head, body.readUInt32BE()])).toEqual([
    ['8003000200', 1],
    ['8003000200', 3],
    ['8003000200', 5],
  ])
  const inflate = createInflate({ dictionary })
  const out: Buffer[] = []
  inflate.on('data', (chunk: Buffer) => out.push(chunk))
  for (const { body } of replies) await new Promise(resolve => inflate.write(body.subarray(4), resolve))
  expect(Buffer.concat(out)).toEqual(Buffer.alloc(12))
})

it('carries bytes both ways, and each end by itself', async () => {
  session.received(Buffer.concat([await open(1, {}), dataFrame(1, Buffer.from('ping'), false)]))
  await streamsOpened(1)
  const { stream } = streams[0] ?? {}
  const got: string[] = []
  stream?.on('data', (chunk: Buffer) => got.push(chunk.toString()))
  stream?.on('end', () => got.push('end'))
  stream?.write('pong')
  session.received(dataFrame(1, Buffer.alloc(0), true))
  await settled()
  expect(got).toEqual(['ping', 'end'])
  stream?.end()
  await settled()
  expect(sent.subarray(-20)).toEqual(
    Buffer.concat([dataFrame(1, Buffer.from('pong'), false), dataFrame(1, Buffer.alloc(0), true)]),
  )
})

it('holds the client back while a stream is not read, until it is read or given up', async () => {
  const much = dataFrame(1, Buffer.alloc(200_000), false)
  session.received(Buffer.concat([await open(1, {}), await open(3, {})]))
  await streamsOpened(2)
  session.received(much)
  expect(paused).toBe(true)
  streams[1]?.stream.resume()
  session.received(dataFrame(3, Buffer.from('x'), false))
  await settled()
  expect(paused).toBe(true)
  streams[0]?.stream.resume()
  await settled()
  expect(paused).toBe(false)
  streams[0]?.stream.pause()
  session.received(much)
  session.received(much)
  expect(paused).toBe(true)
  session.received(resetFrame(1, 5))
  await expect.poll(() => paused, patience).toBe(false)
  expect(streams[0]?.stream.destroyed).toBe(true)
})

it('refuses, resets, answers pings, and skips what it does not know', async () => {
  const settings = Buffer.from('8003000400000004' + '00000000', 'hex')
  session.received(Buffer.concat([pingFrame(7), settings, await open(1, { refuse: '' }), await open(3, {})]))
  await streamsOpened(1)
  streams[0]?.stream.destroy()
  await settled()
  session.received(dataFrame(3, Buffer.from('late'), false))
  const shown = frames().map(({ head, body }) => `${head} ${body.subarray(0, 8).toString('hex')}`)
  expect(shown.map(text => text.slice(0, 27))).toEqual([
    '8003000600 00000007',
    '8003000300 0000000100000003',
    expect.stringMatching(/^8003000200 00000003/) as string,
    '8003000300 0000000300000005',
  ])
})

it.each([
  ['a goodbye', Buffer.from('8003000700000008' + '0000000000000000', 'hex')],
  ['another version', Buffer.from('8002000100000000', 'hex')],
  ['a frame without end', Buffer.from('0000000100ffffff', 'hex')],
  ['headers that are none', Buffer.from('800300010000000e' + '00000001000000000000' + 'ffffffff', 'hex')],
  ['a frame that is too short', Buffer.from('8003000600000000', 'hex')],
])('closes after %s, and all its streams with it', async (_what, bytes) => {
  session.received(await open(1, {}))
  await streamsOpened(1)
  session.received(bytes)
  await expect.poll(() => closed, patience).toBe(true)
  expect(streams[0]?.stream.destroyed).toBe(true)
})
