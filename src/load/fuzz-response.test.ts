/** The response parser against arbitrary bytes: it neither throws nor hangs, and what it keeps is bounded. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assert } from '../base/assert.ts'
import { ChunkedBody } from './chunked-body.ts'
import { ResponseParser } from './response-parser.ts'

const MAX_HEAD_BYTES = 64 * 1024
const interesting = fc.constantFrom(
  ...[
    'HTTP/1.1 ',
    '200',
    ' OK',
    '\r\n',
    '\r',
    '\n',
    '\r\n\r\n',
    ': ',
    '0\r\n\r\n',
    'ffffffff\r\n',
    '5;x=y\r\n',
    '\0',
  ],
  ...[
    'Content-Length: 5',
    'Content-Length: 99999999999999999999',
    'Transfer-Encoding: chunked',
    'HTTP/1.1 100 \r\n\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 103 Hi\r\nA: 1\n',
  ],
  ...['Connection: close', 'HTTP/1.0 200 OK\r\n', 'HTTP/1.1 204 \r\n\r\n', 'hello', '\xff\xfe', ' ', '\t'],
)
const noise = fc.oneof(interesting, fc.string({ unit: 'binary-ascii', maxLength: 40 }))
const answers = fc.array(noise, { maxLength: 40 }).map(pieces => pieces.join(''))
const cuts = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 30 })

/** The pieces of a text, cut at sizes taken in turn. */
function* pieces(text: string, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield Buffer.from(text.slice(at, at + size), 'latin1')
    at += size
  }
}

test('arbitrary bytes at arbitrary cuts end in a known state, the same however they are cut', () => {
  fc.assert(
    fc.property(answers, cuts, (text, sizes) => {
      const states = [sizes, [1], [text.length + 1]].map(each => {
        const parser = new ResponseParser()
        parser.begin(false)
        let taken = 0
        for (const piece of pieces(text, each)) {
          const took = parser.push(piece, piece.length)
          // Only the end of an answer stops it, and then it takes no more.
          const ended = parser.state === 'complete' || parser.state === 'malformed'
          assert(took === piece.length || (ended && took < piece.length), `took ${took} in ${parser.state}`)
          taken += took
        }
        parser.finish()
        return {
          state: parser.state,
          status: parser.status,
          taken: parser.state === 'complete' ? taken : null,
        }
      })
      expect(states[1]).toEqual(states[0])
      expect(states[2]).toEqual(states[0])
    }),
    { numRuns: 5000 },
  )
})

test('a parser that is used anew remembers nothing of a broken answer', () => {
  const whole = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  fc.assert(
    fc.property(answers, text => {
      const parser = new ResponseParser()
      parser.begin(false)
      parser.push(Buffer.from(text, 'latin1'), text.length)
      parser.begin(true)
      expect(parser.push(whole, whole.length)).toBe(whole.length)
      expect(parser).toMatchObject({
        state: 'complete',
        status: 200,
        body: 'ok',
        keepAlive: true,
        requestId: null,
      })
    }),
  )
})

const part = (text: string): fc.Arbitrary<string> => fc.constantFrom('', text)
/** Few enough to come again and again. */
const whole = fc
  .tuple(
    ...[part('HTTP/1.1 103 Hi\r\nx-pod: a\r\n\r\n'), fc.constantFrom('200 OK', '503 No', '204 No')],
    ...[part('x-pod: a\r\n'), part('x-pod: b\r\n'), part('x-request-id: r\r\n')],
    ...[part('Connection: close\r\n'), fc.constantFrom('Content-Length: 2', 'Transfer-Encoding: chunked')],
  )
  .map(([interim, status, ...fields]) => ({
    head: `${interim}HTTP/1.1 ${status}\r\n${fields.join('')}\r\n\r\n`,
    body: status.startsWith('204')
      ? ''
      : fields.at(-1) === 'Content-Length: 2'
        ? 'ok'
        : '2\r\nok\r\n0\r\n\r\n',
  }))

test('each answer of a connection is read as if it were the first', () => {
  const asked = fc.record({ answer: whole, bodiless: fc.boolean(), sizes: cuts })
  const seen = ({ state, status, servedBy, requestId, keepAlive, body }: ResponseParser): unknown => ({
    ...{ state, status, servedBy, requestId, keepAlive, body },
  })
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 12 }), all => {
      const old = new ResponseParser()
      for (const { answer, bodiless, sizes } of [...all, ...all]) {
        const text = answer.head + (bodiless ? '' : answer.body)
        const [again, first] = [old, new ResponseParser()].map(parser => {
          parser.begin(true, 'r', bodiless)
          for (const piece of pieces(text, all.length % 2 === 0 ? sizes : [text.length]))
            expect(parser.push(piece, piece.length)).toBe(piece.length)
          return seen(parser)
        })
        expect(again).toEqual(first)
        expect(first).toMatchObject({ state: 'complete', body: bodiless || answer.body === '' ? '' : 'ok' })
      }
    }),
    { numRuns: 500 },
  )
})

test.each([
  ['a header', 'HTTP/1.1 200 OK\r\nx: '],
  ['headers', 'HTTP/1.1 200 OK\r\n'],
  ['a chunk size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;'],
  ['trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n'],
])('%s without end is given up before it fills the memory', (what, start) => {
  const parser = new ResponseParser()
  parser.begin(false)
  parser.push(Buffer.from(start), start.length)
  const line = what === 'headers' || what === 'trailers' ? 'x-more: of the same\r\n' : 'xxxxxxxxxxxxxxxxxxxx'
  const more = Buffer.from(line.repeat(50))
  let pushed = 0
  while (parser.state !== 'malformed' && pushed <= 4 * MAX_HEAD_BYTES) {
    parser.push(more, more.length)
    pushed += more.length
  }
  expect(parser.state).toBe('malformed')
  expect(pushed).toBeLessThanOrEqual(2 * MAX_HEAD_BYTES)
})

test('interim answers without end are given up', () => {
  const parser = new ResponseParser()
  parser.begin(false)
  const interim = Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(100))
  let pushed = 0
  while (parser.state !== 'malformed' && pushed <= 4 * MAX_HEAD_BYTES) {
    parser.push(interim, interim.length)
    pushed += interim.length
  }
  expect(parser.state).toBe('malformed')
})

test('a chunked body takes any bytes', () => {
  fc.assert(
    fc.property(answers, cuts, (text, sizes) => {
      const body = new ChunkedBody()
      let kept = 0
      for (const piece of pieces(text, sizes))
        body.push(piece, 0, piece.length, (from, to) => (kept += to - from))
      expect(body.state).toMatch(/size|bytes|trailers|complete|malformed/)
      expect(kept).toBeLessThanOrEqual(text.length)
    }),
  )
})
