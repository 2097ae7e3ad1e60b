import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WebSocketBreach } from './frame-codes.ts'
import { WebSocketReader } from './frame-reader.ts'

/** What was told of, in order, and the breach at the end if there was one. */
function parse(bytes: Buffer, cuts: readonly number[] = []): string[] {
  const seen: string[] = []
  const reader = new WebSocketReader({
    onMessage: text => seen.push(text === null ? 'binary' : `text ${text}`),
    onPing: payload => seen.push(`ping ${payload.toString('latin1')}`),
    onPong: payload => seen.push(`pong ${payload.toString('latin1')}`),
    onClose: code => seen.push(`close ${code}`),
  })
  const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  try {
    places.slice(1).forEach((to, index) => reader.push(bytes, places[index] ?? 0, to))
  } catch (error) {
    if (!(error instanceof WebSocketBreach)) throw error
    seen.push(`breach ${error.what}`)
  }
  return seen
}

/** A server's frame, its length told in the shortest way. */
function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = first
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

const cuts = fc.array(fc.nat(3000), { maxLength: 30 })

test('messages come out whole, in however many frames and pieces they came, with control frames in between', () => {
  const message = fc.record({
    text: fc.string({ unit: 'binary', maxLength: 900 }),
    pieces: fc.array(fc.nat(4000), { maxLength: 5 }),
    ping: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), cuts, (messages, places) => {
      const frames: Buffer[] = []
      const expected: string[] = []
      for (const { text, pieces, ping } of messages) {
        const bytes = Buffer.from(text)
        const ends = [...pieces.map(piece => piece % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
        ends.forEach((end, index) => {
          const opcode = (index === 0 ? 1 : 0) | (index === ends.length - 1 ? 0x80 : 0)
          frames.push(frame(opcode, bytes.subarray(index === 0 ? 0 : ends[index - 1], end)))
          if (ping) frames.push(frame(0x89, Buffer.from('p')))
          if (ping && index < ends.length - 1) expected.push('ping p')
        })
        expected.push(`text ${text}`)
        if (ping) expected.push('ping p')
      }
      expect(parse(Buffer.concat(frames), places)).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})

test('of a long message only the beginning is kept', () => {
  const long = Buffer.alloc(200_000, 0x61)
  const [text = ''] = parse(Buffer.concat([frame(0x01, long), frame(0x80, long)]), [7, 70_000, 300_000])
  expect(text).toMatch(/^text a+$/)
  expect(text.length).toBeLessThan(1100)
})

test('after a close frame nothing more is read', () => {
  const bytes = Buffer.concat([frame(0x88, Buffer.from([3, 232])), frame(0x81, Buffer.from('late'))])
  expect(parse(bytes)).toEqual(['close 1000'])
})

test('whatever comes, in whatever pieces, it is taken for the same', () => {
  const likely = fc
    .tuple(
      fc.constantFrom(0, 1, 2, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0x83, 0xc1),
      fc.uint8Array({ maxLength: 200 }),
    )
    .map(([first, payload]) => frame(first, Buffer.from(payload)))
  const any = fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.array(fc.oneof(likely, likely, any), { maxLength: 8 }), cuts, (frames, places) => {
      const bytes = Buffer.concat(frames)
      expect(parse(bytes, places)).toEqual(parse(bytes))
    }),
    { numRuns: 3000 },
  )
})
