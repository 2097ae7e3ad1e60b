import { expect, test } from 'vitest'
import type { CustomRequest } from '../model/load.ts'
import { judgeAnswer, type Exchange } from './exchange.ts'
import { RequestTexts } from './request-text.ts'
import { ResponseParser } from './response-parser.ts'

const exchange = { requestId: '0a1b2c3d-7', kept: true, answerMs: 0, sample: { kind: 'get' } } as Exchange
const request: CustomRequest = { method: 'GET', path: '/a?b=c', headers: [], body: null }
const textOf = (custom: CustomRequest): string => new RequestTexts('web', 0, custom).of(exchange)

test("a user's headers are sent as they are, and the driver's beside them", () => {
  const headers: CustomRequest['headers'] = [
    ['X-Team', 'a'],
    ['x-team', 'b'],
  ]
  expect(textOf({ ...request, headers })).toBe(
    'GET /a?b=c HTTP/1.1\r\nHost: web\r\nConnection: keep-alive\r\nX-Team: a\r\nx-team: b\r\nx-request-id: 0a1b2c3d-7\r\n\r\n',
  )
})

test("a header that the user gives replaces the driver's own, and a body is counted in bytes", () => {
  const headers = ['host', 'CONNECTION', 'X-Request-Id'].map((name): [string, string] => [name, 'mine'])
  expect(textOf({ method: 'POST', path: '/', headers, body: 'é' })).toBe(
    'POST / HTTP/1.1\r\nContent-Length: 2\r\nhost: mine\r\nCONNECTION: mine\r\nX-Request-Id: mine\r\n\r\n\xc3\xa9',
  )
  expect(textOf({ ...request, method: 'PUT' })).toContain('\r\nContent-Length: 0\r\n')
})

test.each([
  [null, 'succeeded'],
  ['0a1b2c3d-7', 'succeeded'],
  ['0a1b2c3d-8', 'failed'],
  ['an-id-of-the-server', 'succeeded'],
])('of the ids that a server may answer with, only another of ours is wrong: %s', (requestId, kind) => {
  expect(judgeAnswer(exchange, { status: 200, requestId, body: '' }, true).kind).toBe(kind)
})

test('the answer to a HEAD ends with its headers', () => {
  const parser = new ResponseParser()
  parser.begin(false, '', true)
  const head = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n')
  expect(parser.push(head, head.length)).toBe(head.length)
  expect(parser).toMatchObject({ state: 'complete', keepAlive: true })
})
