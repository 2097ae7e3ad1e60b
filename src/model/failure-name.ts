/**
 * The dotted name of a failure, and what it says about the work: `closed.before-response`, `connect.refused`,
 * `timeout.first-byte`. The part before the dot says what happened, the part after it when. Made from phase and code
 * (and the detail's own codes), so a recording of today has names too.
 */
import { assertNever } from '../base/assert.ts'
import { http2ErrorCode } from './http2-error.ts'
import type { FailureCode, FailurePhase, Outcome } from './load.ts'

type Failed = Extract<Outcome, { kind: 'failed' }>

export interface FailureContext {
  /** At least one byte of an answer came. */
  answered: boolean
  /** The request had a body that does not go out in one write. */
  uploading: boolean
}

/** Whether the server can have done the work: what a reader must know before sending the request again. */
export type Processed = 'no' | 'unknown' | 'partly'

/** Null for what is not a failure of a request. */
export function failureName(outcome: Outcome, context: FailureContext): string | null {
  switch (outcome.kind) {
    case 'succeeded':
    case 'skipped':
      return null
    case 'unresolved':
      return 'unresolved'
    case 'failed':
      return nameByCode(outcome, context)
  }
}

/** Null for what is not a failure. */
export function processedByName(name: string | null): Processed | null {
  if (name === null) return null
  if (neverArrived.some(start => name.startsWith(start))) return 'no'
  return underWay.some(end => name.endsWith(end)) ? 'partly' : 'unknown'
}

const neverArrived = [
  'connect.',
  'local.',
  'dns.',
  'tls.',
  'timeout.connect',
  'timeout.tls',
  'h2.refused-stream',
  'h2.goaway-unprocessed',
]
const underWay = ['.mid-headers', '.mid-body', '.mid-request', 'timeout.headers', 'timeout.body']

function nameByCode(failed: Failed, context: FailureContext): string {
  const { code, phase, status } = failed
  switch (code) {
    case 'closed':
      // A stream of HTTP/2 that ended in good order, and short of its length: the connection has not ended.
      return failed.detail?.startsWith('END_STREAM') === true
        ? 'h2.mid-body'
        : endName('closed', phase, context)
    case 'reset':
      return endName('reset', phase, context)
    case 'timed-out':
      return timeOutName(failed, context)
    case 'refused':
      return 'connect.refused'
    case 'unreachable':
    case 'denied':
      return `${place(phase)}.${code}`
    case 'status-5xx':
    case 'status-4xx':
    case 'status-other':
      return statusName(status)
    case 'malformed':
    case 'mismatch':
      return `http.${code}`
    case 'local-ports':
      return 'local.ports'
    case 'local-files':
      return 'local.fds'
    case 'name-unknown':
      return detailCode(failed) === 'EAI_AGAIN' ? 'dns.unavailable' : 'dns.unknown'
    case 'alert':
      return 'tls.alert'
    case 'certificate':
      return 'tls.cert'
    case 'protocol':
      return phase === 'tls' ? 'tls.protocol' : 'h2.protocol'
    case 'refused-stream':
    case 'goaway':
    case 'goaway-error':
    case 'stream-reset':
      return streamName(code, failed)
    case 'status-grpc':
      return `grpc.${detailCode(failed) ?? 'status'}`
    case 'abnormal-close':
      return 'websocket.abnormal-close'
    case 'other':
      return `${place(phase)}.other`
    default:
      return assertNever(code)
  }
}

/** An end of the connection, orderly or not. */
function endName(how: 'closed' | 'reset', phase: FailurePhase, context: FailureContext): string {
  switch (phase) {
    case 'connect':
    case 'tls':
      return `${phase}.${how}`
    case 'send':
      return context.uploading ? `${how}.mid-request` : `${how}.before-response`
    case 'headers':
      return context.answered ? `${how}.mid-headers` : `${how}.before-response`
    case 'body':
    case 'status':
    case 'check':
      return `${how}.mid-body`
  }
}

/** A limit of the kernel's names the call that met it; the driver's own says at most how much had come until then. */
function timeOutName({ phase, detail }: Failed, { answered }: FailureContext): string {
  if (detail?.endsWith(' ETIMEDOUT') === true) return `${place(phase)}.timeout-kernel`
  switch (phase) {
    case 'connect':
    case 'tls':
      return `timeout.${phase}`
    case 'send':
    case 'headers':
      return answered ? 'timeout.headers' : 'timeout.first-byte'
    case 'body':
    case 'status':
    case 'check':
      return 'timeout.body'
  }
}

function place(phase: FailurePhase): string {
  return phase === 'connect' || phase === 'tls' ? phase : 'net'
}

function statusName(status: number | null): string {
  return status === null ? 'http.other' : `http.${Math.floor(status / 100)}xx`
}

function streamName(
  code: Extract<FailureCode, 'refused-stream' | 'goaway' | 'goaway-error' | 'stream-reset'>,
  failed: Failed,
): string {
  const number = http2ErrorCode(detailCode(failed) ?? '')
  const suffix = number === null ? '' : `.${number}`
  switch (code) {
    case 'refused-stream':
      return 'h2.refused-stream'
    case 'goaway':
      return 'h2.goaway-unprocessed'
    case 'goaway-error':
      return `h2.goaway-error${suffix}`
    case 'stream-reset':
      return failed.phase === 'body' ? 'h2.mid-body' : `h2.stream-reset${suffix}`
  }
}

/** The last word of the detail: an errno (`connect ETIMEDOUT`) or a protocol's own number (`RST_STREAM 8`). */
function detailCode({ detail }: Failed): string | null {
  return detail?.split(/[ =]/).at(-1) ?? null
}
