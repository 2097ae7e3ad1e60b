import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventParser } from './event-parser.ts'

/** The names of the events in `bytes`, read in pieces that are cut at `cuts`; one without data is in brackets. */
function parse(bytes: Buffer, cuts: readonly number[] = []): string[] {
  const names: string[] = []
  const parser = new EventParser((name, whole) => names.push(whole ? name : `(${name})`))
  const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  places.slice(1).forEach((to, index) => parser.push(bytes, places[index] ?? 0, to))
  return names
}

test.each([
  ['data: 1\n\n', ['message']],
  ['data\n\n', ['message']],
  ['event: a\ndata: 1\n\nevent:b\ndata\n\n', ['a', 'b']],
  ['event: a\rdata: 1\r\revent: b\r\ndata: 2\r\n\r\n', ['a', 'b']],
  ['data: 1\r\n\r\n\r\n\n', ['message']],
  ['\ufeffevent: a\ndata: 1\n\n', ['a']],
  ['\ufeff\ufeffevent: a\ndata: 1\n\n', ['message']],
  [': comment\n\n:\n\nid: 1\nretry: 5\n\n', []],
  ['event: a\n\ndata: 1\n\n', ['(a)', 'message']],
  ['event: a\nevent: b\ndata: 1\n\n', ['b']],
  ['event:  two spaces\ndata: 1\n\n', [' two spaces']],
  ['events: a\ndata: 1\n\n', ['message']],
  ['event: a\ndata: 1\n', []],
  [`data: ${'x'.repeat(100_000)}\nevent: a\n\n`, ['a']],
])('%j', (text, names) => {
  expect(parse(Buffer.from(text))).toEqual(names)
})

test('an event is the same however its bytes are cut, whatever they are', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      ':',
      ' ',
      '\ufeff',
      'event',
      'event: end',
      'data: 1',
      'data',
      ': hi',
    ),
    fc.string({ maxLength: 10 }),
  )
  const text = fc.array(piece, { maxLength: 40 }).map(pieces => Buffer.from(pieces.join('')))
  const bytes = fc.oneof(
    text,
    fc.uint8Array({ maxLength: 100 }).map(all => Buffer.from(all)),
  )
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(400), { maxLength: 40 }), (all, cuts) => {
      expect(parse(all, cuts)).toEqual(parse(all))
    }),
    { numRuns: 3000 },
  )
})
