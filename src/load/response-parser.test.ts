import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ResponseParser } from './response-parser.ts'

/** Feeds `text` cut at the given places, each piece in an oversized buffer as a shared read buffer would be. */
function parse(
  text: string,
  cuts: readonly number[] = [],
  fin = false,
): { parser: ResponseParser; taken: number } {
  const parser = new ResponseParser()
  parser.begin(true)
  const places = [0, ...[...cuts].filter(cut => cut < text.length).sort((a, b) => a - b), text.length]
  let taken = 0
  for (let index = 1; index < places.length; index++) {
    const piece = text.slice(places[index - 1], places[index])
    taken += parser.push(Buffer.from(`${piece}\r\n\r\n0\r\n\r\n`, 'latin1'), piece.length)
  }
  if (fin) parser.finish()
  return { parser, taken }
}

const bodyText = fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n', '0', '5', ' '), maxLength: 300 })
const cutsOf = fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 40 })
const framings = fc.constantFrom('length', 'chunked', 'close')

function encode(body: string, framing: string, sizes: readonly number[]): string {
  const head = 'HTTP/1.1 200 OK\r\nx-pod: web-1\r\nX-Request-Id: r-1\r\n'
  if (framing === 'length') return `${head}Content-Length: ${body.length}\r\n\r\n${body}`
  if (framing === 'close') return `${head}\r\n${body}`
  let chunks = ''
  for (let at = 0, turn = 0; at < body.length; turn++) {
    const piece = body.slice(at, at + (sizes[turn % sizes.length] ?? 7))
    chunks += `${piece.length.toString(16)}${turn % 2 === 0 ? ';part=x' : ''}\r\n${piece}\r\n`
    at += piece.length
  }
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\nx-trailer: 1\r\n\r\n`
}

const sizesOf = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 })

test('an answer is read whole and exact, however its bytes are cut', () => {
  fc.assert(
    fc.property(bodyText, framings, cutsOf, sizesOf, (body, framing, cuts, sizes) => {
      const text = encode(body, framing, sizes)
      const { parser, taken } = parse(text, cuts, true)
      expect(parser).toMatchObject({
        state: 'complete',
        status: 200,
        servedBy: 'web-1',
        requestId: 'r-1',
        body,
      })
      expect(taken).toBe(text.length)
      expect(parser.keepAlive).toBe(framing !== 'close')
    }),
    { numRuns: 2000 },
  )
})

test('an answer cut off anywhere is never complete, unless only the close ends it', () => {
  fc.assert(
    fc.property(
      bodyText,
      fc.constantFrom('length', 'chunked'),
      fc.nat(),
      sizesOf,
      (body, framing, at, sizes) => {
        const text = encode(body, framing, sizes)
        const { parser } = parse(text.slice(0, at % text.length), [], true)
        expect(['headers', 'body']).toContain(parser.state)
      },
    ),
    { numRuns: 1000 },
  )
})

test('bytes after the end of an answer are left alone', () => {
  const text = encode('hello', 'length', [1])
  expect(parse(`${text}HTTP/1.1 408`).taken).toBe(text.length)
})

test('whatever the bytes are, the parser stops and does not throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 200 }), cutsOf, (noise, cuts) => {
      for (const text of [noise, `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${noise}`])
        expect(parse(text, cuts, true).parser.state).toMatch(/headers|body|complete|malformed/)
    }),
  )
})

test.each([
  ['\x15\x03\x01\x00\x02\x02\x16', 'status-line'],
  ['HTTP/2.0 200 OK\r\n\r\n', 'status-line'],
  ['HTTP/1.1 2000 OK\r\n\r\n', 'status-line'],
  ['HTTP/1.1 200 OK\r\nno colon\r\n\r\n', 'header'],
  ['HTTP/1.1 200 OK\nContent-Length: 0\n\n', 'line-end'],
  ['HTTP/1.1 200 OK\nA: 1\r\n\r\n', 'line-end'],
  ['HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n', 'header'],
  ['HTTP/1.1 200 OK\r\nA: 1\nContent-Length: 0\r\n\r\n', 'line-end'],
  ['HTTP/1.1 200 OK\r\nA: 1\n folded: 2\r\n\r\n', 'line-end'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n', 'content-length'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 'content-length'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 'chunk'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20000000000000\r\n', 'chunk'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n', 'chunk'],
])('%o is malformed in its %s', (text, part) => {
  expect(parse(text).parser).toMatchObject({ state: 'malformed', malformedPart: part })
})

test.each([
  ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', true],
  ['HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n', false],
  ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', false],
  ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', true],
  ['HTTP/1.1 200 OK\r\nConnection:\r\n\t close\r\nContent-Length: 0\r\n\r\n', false],
  ['HTTP/1.1 200 OK\r\nA: 1\r\n folded: 2\r\n  again\r\nContent-Length: 0\r\n\r\n', true],
  ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: 1\r\n \r\n\r\n', true],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n000000000002\r\nab\r\n000000000000\r\n\r\n', true],
  ['HTTP/1.1 204 No Content\r\n\r\n', true],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n', true],
])('%o is complete, and the connection may be used again: %s', (text, keepAlive) => {
  expect(parse(text).parser).toMatchObject({ state: 'complete', keepAlive })
})
