import { describe, expect, it, test } from 'vitest'
import { failureClass } from '../../model/failure-class.ts'
import { instantsOf, outcomeOf, type K6Request } from './outcome.ts'

const nothing: K6Request = {
  endedUs: 1_000_000,
  status: 0,
  errorCode: 0,
  blockedMs: 0,
  connectingMs: 0,
  handshakingMs: 0,
  durationMs: 0,
  sendingMs: 0,
  waitingMs: 0,
  receivingMs: 0,
}
/** How far a request came, by the spans that k6 measured. */
const connected = { blockedMs: 0.6, connectingMs: 0.5 }
const sent = { ...connected, sendingMs: 0.1, waitingMs: 2 }
const answering = { ...sent, receivingMs: 0.2 }

test.each([
  [1212, nothing, 'connect', 'refused', 'refused'],
  [1211, nothing, 'connect', 'timed-out', 'timed-out'],
  [1210, nothing, 'connect', 'other', 'other'],
  [1213, nothing, 'connect', 'other', 'other'],
  [1101, nothing, 'connect', 'name-unknown', 'unreachable'],
  [1100, nothing, 'connect', 'name-unknown', 'unreachable'],
  [1110, nothing, 'connect', 'denied', 'unreachable'],
  [1050, nothing, 'connect', 'timed-out', 'timed-out'],
  [1050, sent, 'headers', 'timed-out', 'timed-out'],
  [1050, answering, 'body', 'timed-out', 'timed-out'],
  [1220, sent, 'headers', 'reset', 'reset'],
  [1220, answering, 'body', 'reset', 'truncated'],
  [1220, nothing, 'connect', 'reset', 'reset'],
  [1201, connected, 'send', 'reset', 'reset'],
  [1000, sent, 'headers', 'closed', 'closed'],
  [1000, answering, 'body', 'closed', 'truncated'],
  [1301, connected, 'tls', 'protocol', 'wrong-answer'],
  [1310, connected, 'tls', 'certificate', 'wrong-answer'],
  [1611, sent, 'headers', 'goaway', 'reset'],
  [1612, sent, 'headers', 'goaway-error', 'reset'],
  [1638, sent, 'headers', 'refused-stream', 'reset'],
  [1639, sent, 'headers', 'stream-reset', 'reset'],
  [1650, sent, 'headers', 'protocol', 'wrong-answer'],
  [1701, answering, 'body', 'malformed', 'wrong-answer'],
  [1999, sent, 'headers', 'other', 'other'],
] as const)('code %i is, by how far it came, a failure (%#)', (errorCode, spans, phase, code, its) => {
  const outcome = outcomeOf({ ...nothing, ...spans, errorCode }, '')
  expect(outcome).toEqual({ kind: 'failed', phase, code, status: null, detail: `k6 ${errorCode}` })
  expect(failureClass(outcome)).toBe(its)
})

describe('an answer', () => {
  const answered = (status: number, errorCode: number, check = '') =>
    outcomeOf({ ...nothing, ...answering, status, errorCode }, check)

  it('succeeds by its status and by what the script found', () => {
    expect(answered(204, 0)).toEqual({ kind: 'succeeded', status: 204 })
    expect(answered(200, 0, 'header')).toMatchObject({ code: 'mismatch', detail: 'header x-request-id' })
    expect(answered(200, 0, 'body')).toMatchObject({ phase: 'check', code: 'mismatch', detail: 'body' })
  })

  it('fails by its status, whatever else is said of it', () => {
    expect(answered(503, 1503, 'header')).toMatchObject({ phase: 'status', code: 'status-5xx', status: 503 })
    expect(answered(404, 1404)).toMatchObject({ code: 'status-4xx', status: 404 })
    expect(answered(302, 0)).toMatchObject({ code: 'status-other', status: 302 })
  })
})

test('the instants are what is left of the end when the spans are taken off', () => {
  const whole = { ...nothing, ...answering, durationMs: 2.3 }
  expect(instantsOf(whole)).toEqual({ sentUs: 997_100, writtenUs: 997_800, firstByteUs: 999_800 })
  expect(instantsOf(nothing)).toEqual({ sentUs: 1_000_000, writtenUs: null, firstByteUs: null })
})
