/**
 * What broke → phase and code. Pure, and by error code alone: message texts differ between versions and languages.
 * A FIN and an RST cannot always be told apart (libuv reports an RST that arrives together with bytes as an orderly
 * end), so the phase is the finding and the code a detail of it.
 */
import type { FailureCode, FailurePhase, Outcome } from '../model/load.ts'

/** How far the request had come. `sending`: a part of it is unwritten; `sent`: written, not a byte of an answer. */
export type Reached = 'connecting' | 'sending' | 'sent' | 'headers' | 'body'

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
      const code = phase === 'connect' ? connectCode(breakage.code) : establishedCode(breakage.code)
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
    case 'sending':
      return 'send'
    case 'sent':
      return breakage.kind === 'error' && breakage.syscall === 'write' ? 'send' : 'headers'
    case 'headers':
    case 'body':
      return reached
  }
}

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
