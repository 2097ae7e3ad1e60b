import type { FailureClass, Outcome } from './load.ts'
import { assertNever } from '../base/assert.ts'

/** The table's class of a failure: the code, refined by the phase (a close in the middle of a body is a truncation). */
export function failureClass(outcome: Outcome): FailureClass | null {
  switch (outcome.kind) {
    case 'succeeded':
    case 'skipped':
      return null
    case 'unresolved':
      return 'unresolved'
    case 'failed':
      return classOfFailure(outcome)
  }
}

function classOfFailure(outcome: Extract<Outcome, { kind: 'failed' }>): FailureClass {
  const { code, phase } = outcome
  switch (code) {
    case 'refused':
      return 'refused'
    case 'closed':
    case 'abnormal-close':
      return phase === 'body' ? 'truncated' : 'closed'
    case 'reset':
    case 'refused-stream':
    case 'goaway':
    case 'goaway-error':
    case 'stream-reset':
      return phase === 'body' ? 'truncated' : 'reset'
    case 'timed-out':
      return 'timed-out'
    case 'unreachable':
    case 'name-unknown':
    case 'denied':
      return 'unreachable'
    case 'status-5xx':
      return '5xx'
    case 'status-4xx':
    case 'status-other':
    case 'malformed':
    case 'mismatch':
    case 'alert':
    case 'certificate':
    case 'protocol':
    case 'status-grpc':
      return 'wrong-answer'
    case 'local-ports':
    case 'local-files':
      return 'local'
    case 'other':
      return 'other'
    default:
      return assertNever(code)
  }
}
