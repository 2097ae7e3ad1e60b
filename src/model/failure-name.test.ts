import { expect, test } from 'vitest'
import { failureName, processedByName, type FailureContext } from './failure-name.ts'
import { failureCodes, failurePhases, type FailureCode, type FailurePhase, type Outcome } from './load.ts'

const silent: FailureContext = { answered: false, uploading: false }
const answered: FailureContext = { answered: true, uploading: false }
const uploading: FailureContext = { answered: false, uploading: true }

const failed = (
  phase: FailurePhase,
  code: FailureCode,
  detail: string | null = null,
  status: number | null = null,
): Outcome => ({ kind: 'failed', phase, code, status, detail })

test.each<[FailurePhase, FailureCode, string | null, FailureContext, string, string]>([
  ['connect', 'refused', 'connect ECONNREFUSED', silent, 'connect.refused', 'no'],
  ['connect', 'reset', 'connect ECONNRESET', silent, 'connect.reset', 'no'],
  ['connect', 'unreachable', 'connect EHOSTUNREACH', silent, 'connect.unreachable', 'no'],
  ['connect', 'denied', 'connect EACCES', silent, 'connect.denied', 'no'],
  ['connect', 'timed-out', null, silent, 'timeout.connect', 'no'],
  ['connect', 'timed-out', 'connect ETIMEDOUT', silent, 'connect.timeout-kernel', 'no'],
  ['connect', 'other', 'connect EUNKNOWN', silent, 'connect.other', 'no'],
  ['connect', 'local-ports', 'connect EADDRNOTAVAIL', silent, 'local.ports', 'no'],
  ['connect', 'local-files', 'connect EMFILE', silent, 'local.fds', 'no'],
  ['connect', 'name-unknown', 'getaddrinfo ENOTFOUND', silent, 'dns.unknown', 'no'],
  ['connect', 'name-unknown', 'getaddrinfo EAI_AGAIN', silent, 'dns.unavailable', 'no'],
  ['tls', 'closed', 'read EOF', silent, 'tls.closed', 'no'],
  ['tls', 'reset', 'read ECONNRESET', silent, 'tls.reset', 'no'],
  ['tls', 'alert', 'tls ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', silent, 'tls.alert', 'no'],
  ['tls', 'certificate', 'tls DEPTH_ZERO_SELF_SIGNED_CERT', silent, 'tls.cert', 'no'],
  ['tls', 'protocol', 'tls ERR_SSL_WRONG_VERSION_NUMBER', silent, 'tls.protocol', 'no'],
  ['tls', 'timed-out', null, silent, 'timeout.tls', 'no'],
  ['send', 'reset', 'write ECONNRESET', silent, 'reset.before-response', 'unknown'],
  ['send', 'reset', 'write EPIPE', uploading, 'reset.mid-request', 'partly'],
  ['headers', 'closed', 'read EOF', silent, 'closed.before-response', 'unknown'],
  ['headers', 'reset', 'read ECONNRESET', silent, 'reset.before-response', 'unknown'],
  ['headers', 'closed', 'read EOF', answered, 'closed.mid-headers', 'partly'],
  ['headers', 'reset', 'read ECONNRESET', answered, 'reset.mid-headers', 'partly'],
  ['headers', 'timed-out', null, silent, 'timeout.first-byte', 'unknown'],
  ['headers', 'timed-out', null, answered, 'timeout.headers', 'partly'],
  ['headers', 'timed-out', 'read ETIMEDOUT', silent, 'net.timeout-kernel', 'unknown'],
  ['headers', 'unreachable', 'read EHOSTUNREACH', silent, 'net.unreachable', 'unknown'],
  ['headers', 'malformed', 'parse header', answered, 'http.malformed', 'unknown'],
  ['body', 'closed', 'read EOF', answered, 'closed.mid-body', 'partly'],
  ['body', 'reset', 'read ECONNRESET', answered, 'reset.mid-body', 'partly'],
  ['body', 'timed-out', null, answered, 'timeout.body', 'partly'],
  ['body', 'timed-out', '3 events, longest gap 100 ms', answered, 'timeout.body', 'partly'],
  ['check', 'mismatch', 'body', answered, 'http.mismatch', 'unknown'],
  ['headers', 'refused-stream', 'RST_STREAM 7', silent, 'h2.refused-stream', 'no'],
  ['headers', 'goaway', 'GOAWAY 0', silent, 'h2.goaway-unprocessed', 'no'],
  ['headers', 'goaway-error', 'GOAWAY INTERNAL_ERROR', silent, 'h2.goaway-error.2', 'unknown'],
  ['headers', 'stream-reset', 'RST_STREAM INTERNAL_ERROR', silent, 'h2.stream-reset.2', 'unknown'],
  ['headers', 'stream-reset', 'RST_STREAM NO_ERROR', silent, 'h2.stream-reset.0', 'unknown'],
  ['headers', 'stream-reset', 'RST_STREAM 99', silent, 'h2.stream-reset.99', 'unknown'],
  ['body', 'closed', 'END_STREAM, content-length', answered, 'h2.mid-body', 'partly'],
  ['headers', 'goaway-error', 'GOAWAY 2', silent, 'h2.goaway-error.2', 'unknown'],
  ['headers', 'stream-reset', 'RST_STREAM 8', silent, 'h2.stream-reset.8', 'unknown'],
  ['body', 'stream-reset', 'RST_STREAM 8', answered, 'h2.mid-body', 'partly'],
  ['headers', 'protocol', null, answered, 'h2.protocol', 'unknown'],
  ['status', 'status-grpc', 'grpc-status 14', answered, 'grpc.14', 'unknown'],
  ['body', 'abnormal-close', '1006', answered, 'websocket.abnormal-close', 'unknown'],
])('%s %s (%s) is a name and says what the server did', (phase, code, detail, context, name, processed) => {
  expect(failureName(failed(phase, code, detail), context)).toBe(name)
  expect(processedByName(name)).toBe(processed)
})

test.each<[FailureCode, number, string]>([
  ['status-5xx', 503, 'http.5xx'],
  ['status-4xx', 408, 'http.4xx'],
  ['status-other', 302, 'http.3xx'],
])('%s with %i is %s', (code, status, name) => {
  expect(failureName(failed('status', code, null, status), answered)).toBe(name)
})

test('what did not fail has no name, and what never ended is unresolved', () => {
  expect(failureName({ kind: 'succeeded', status: 200 }, answered)).toBeNull()
  expect(failureName({ kind: 'skipped' }, silent)).toBeNull()
  expect(processedByName(null)).toBeNull()
  expect(failureName({ kind: 'unresolved' }, silent)).toBe('unresolved')
  expect(processedByName('unresolved')).toBe('unknown')
})

test('every phase with every code has a name of two or three parts', () => {
  for (const phase of failurePhases)
    for (const code of failureCodes)
      expect(failureName(failed(phase, code), silent)).toMatch(/^[a-z0-9]+(\.[a-z0-9-]+){1,2}$/)
})
