/**
 * What broke → phase and code. Pure, and by error code alone: message texts differ between versions and languages.
 * A FIN and an RST cannot always be told apart (libuv reports an RST that arrives together with bytes as an orderly
 * end), so the phase is the finding and the code a detail of it.
 */
import type { FailureCode, FailurePhase, Outcome } from '../model/load.ts'

/** How far the request had come. `sending`: a part of its body is still to be written; `sent`: written, and not a byte of an answer. */
export type Reached = 'connecting' | 'handshaking' | 'sending' | 'sent' | 'headers' | 'body'

export type Breakage =
  | { kind: 'error'; syscall: string; code: string }
  /** The server's FIN before the answer was complete. */
  | { kind: 'closed' }
  | { kind: 'timed-out' }
  /** `part` of the answer is not HTTP. */
  | { kind: 'malformed'; part: string }

type Failed = Extract<Outcome, { kind: 'failed' }>

export function classify(breakage: Breakage, reached: Reached, status: number | null): Failed {
  const phase = phaseOf(breakage, reached)
  switch (breakage.kind) {
    case 'error': {
      const code = codeOf(breakage.code, phase)
      return { kind: 'failed', phase, code, status, detail: `${breakage.syscall} ${breakage.code}` }
    }
    case 'closed':
      return { kind: 'failed', phase, code: 'closed', status, detail: 'read EOF' }
    case 'timed-out':
      return { kind: 'failed', phase, code: 'timed-out', status, detail: null }
    case 'malformed':
      return { kind: 'failed', phase, code: 'malformed', status, detail: `parse ${breakage.part}` }
  }
}

function phaseOf(breakage: Breakage, reached: Reached): FailurePhase {
  switch (reached) {
    case 'connecting':
      return 'connect'
    case 'handshaking':
      return 'tls'
    case 'sending':
      return 'send'
    case 'sent':
      return breakage.kind === 'error' && breakage.syscall === 'write' ? 'send' : 'headers'
    case 'headers':
    case 'body':
      return reached
  }
}

function codeOf(code: string, phase: FailurePhase): FailureCode {
  return tlsCode(code) ?? (phase === 'connect' ? connectCode(code) : establishedCode(code))
}

/**
 * The codes that OpenSSL and Node give to a broken TLS connection; null for all others. In TLS 1.3 a server may refuse
 * the client's certificate after the handshake, so an alert can come in any phase.
 */
function tlsCode(code: string): FailureCode | null {
  if (/^ERR_SSL_.*_ALERT_/.test(code)) return 'alert'
  if (/^ERR_(SSL|OSSL)_/.test(code) || code === 'EPROTO') return 'protocol'
  return certificateCodes.has(code) || code.startsWith('ERR_TLS_CERT_') ? 'certificate' : null
}

/** What X.509 verification can say, as Node names it (`tls`, "X509 certificate error codes"). */
const certificateCodes = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'CERT_SIGNATURE_FAILURE',
  'CRL_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_HAS_EXPIRED',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CRL_LAST_UPDATE_FIELD',
  'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
  'INVALID_PURPOSE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'HOSTNAME_MISMATCH',
])

function connectCode(code: string): FailureCode {
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused'
    case 'EADDRNOTAVAIL':
    case 'EADDRINUSE':
      return 'local-ports'
    case 'EMFILE':
    case 'ENFILE':
      return 'local-files'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
      return 'name-unknown'
    // A `blackhole` route answers EINVAL, a `prohibit` route EACCES.
    case 'EINVAL':
      return 'denied'
    default:
      return establishedCode(code)
  }
}

function establishedCode(code: string): FailureCode {
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return 'reset'
    case 'ETIMEDOUT':
      return 'timed-out'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
      return 'unreachable'
    case 'EACCES':
    case 'EPERM':
      return 'denied'
    default:
      return 'other'
  }
}
