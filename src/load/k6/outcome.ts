/**
 * k6's error code → phase and code, by its number alone (k6's lib/netext/httpext/error_codes.go; the same in v1 and v2).
 * How far a request had come is read from which of k6's spans were measured: that of a connection that was never made,
 * or of an answer that never began, is 0.
 */
import type { FailureCode, FailurePhase, Outcome } from '../../model/load.ts'

/** What k6 tells of one request; spans in milliseconds. */
export interface K6Request {
  /** When it ended, in microseconds since the epoch. */
  endedUs: number
  status: number
  /** 0: none. */
  errorCode: number
  blockedMs: number
  connectingMs: number
  handshakingMs: number
  /** Sending, waiting and receiving together. */
  durationMs: number
  sendingMs: number
  waitingMs: number
  receivingMs: number
}

type Failed = Extract<Outcome, { kind: 'failed' }>

/** `check`: what the script found wrong with a complete answer; '' for nothing. */
export function outcomeOf(request: K6Request, check: string): Outcome {
  const { status, errorCode } = request
  if (status > 0) return answered(status, check)
  const { phase, code } = failureOf(request)
  return { kind: 'failed', phase, code, status: null, detail: `k6 ${errorCode}` }
}

function answered(status: number, check: string): Outcome {
  const rejected = (code: FailureCode): Failed => ({
    kind: 'failed',
    phase: 'status',
    code,
    status,
    detail: null,
  })
  if (status >= 500 && status < 600) return rejected('status-5xx')
  if (status >= 400 && status < 500) return rejected('status-4xx')
  if (status < 200 || status > 299) return rejected('status-other')
  if (check === '') return { kind: 'succeeded', status }
  const detail = check === 'header' ? 'header x-request-id' : check
  return { kind: 'failed', phase: 'check', code: 'mismatch', status, detail }
}

interface Failure {
  phase: FailurePhase
  code: FailureCode
}

function failureOf(request: K6Request): Failure {
  const { errorCode } = request
  const fixed = fixedFailures[errorCode]
  if (fixed !== undefined) return fixed
  const phase = phaseOf(request)
  const inRange = (from: number, to: number): boolean => errorCode >= from && errorCode <= to
  if (inRange(1100, 1199)) return { phase: 'connect', code: 'name-unknown' }
  if (inRange(1300, 1309)) return { phase: 'tls', code: 'protocol' }
  if (inRange(1310, 1399)) return { phase: 'tls', code: 'certificate' }
  return { phase, code: looseCodes[errorCode] ?? http2Code(errorCode) ?? 'other' }
}

/** Those that say themselves how far the request came. */
const fixedFailures: Readonly<Record<number, Failure>> = {
  1020: { phase: 'send', code: 'other' },
  1110: { phase: 'connect', code: 'denied' },
  1111: { phase: 'connect', code: 'denied' },
  1210: { phase: 'connect', code: 'other' },
  1211: { phase: 'connect', code: 'timed-out' },
  1212: { phase: 'connect', code: 'refused' },
  // An errno that k6 does not name: no route, or no port left on this machine. It is not told which.
  1213: { phase: 'connect', code: 'other' },
  1701: { phase: 'body', code: 'malformed' },
}

/** 1000 is k6's code for all that it has no code for; over plain HTTP that is the end of the stream (EOF). */
const looseCodes: Readonly<Record<number, FailureCode>> = {
  1000: 'closed',
  1050: 'timed-out',
  1201: 'reset',
  1220: 'reset',
}

const REFUSED_STREAM = 7

/** 1610, 1630 and 1650 begin the ranges; HTTP/2's own error code follows, one higher. */
function http2Code(errorCode: number): FailureCode | null {
  if (errorCode === 1611) return 'goaway'
  if (errorCode >= 1610 && errorCode < 1630) return 'goaway-error'
  if (errorCode === 1631 + REFUSED_STREAM) return 'refused-stream'
  if (errorCode >= 1630 && errorCode < 1650) return 'stream-reset'
  if (errorCode >= 1600 && errorCode < 1700) return 'protocol'
  return null
}

/** k6 tells headers and body not apart: an answer that has begun counts as in its body. */
function phaseOf({ blockedMs, connectingMs, sendingMs, waitingMs, receivingMs }: K6Request): FailurePhase {
  if (receivingMs > 0) return 'body'
  if (waitingMs > 0) return 'headers'
  if (blockedMs > 0 || connectingMs > 0) return sendingMs > 0 ? 'headers' : 'send'
  return 'connect'
}

/** The instants that k6 does not tell, from its end and its spans: they are what is left when these are taken off. */
export function instantsOf(request: K6Request): {
  sentUs: number
  writtenUs: number | null
  firstByteUs: number | null
} {
  const { endedUs, blockedMs, connectingMs, handshakingMs, durationMs, sendingMs, waitingMs, receivingMs } =
    request
  const before = (ms: number): number => Math.round(endedUs - ms * 1000)
  const connected = blockedMs > 0 || connectingMs > 0
  // `blocked` contains the connect, where there was one.
  const beforeSendingMs = Math.max(blockedMs, connectingMs + handshakingMs)
  return {
    sentUs: before(durationMs + beforeSendingMs),
    writtenUs: connected && (sendingMs > 0 || waitingMs > 0) ? before(waitingMs + receivingMs) : null,
    firstByteUs: receivingMs > 0 ? before(receivingMs) : null,
  }
}
