import { expect, test } from 'vitest'
import { classify, type Breakage, type Reached } from './classify.ts'

const error = (syscall: string, code: string): Breakage => ({ kind: 'error', syscall, code })

test.each<[Reached, Breakage, string, string]>([
  ['connecting', error('connect', 'ECONNREFUSED'), 'connect', 'refused'],
  ['connecting', error('connect', 'ECONNRESET'), 'connect', 'reset'],
  ['connecting', error('connect', 'ETIMEDOUT'), 'connect', 'timed-out'],
  ['connecting', error('connect', 'EHOSTUNREACH'), 'connect', 'unreachable'],
  ['connecting', error('connect', 'ENETUNREACH'), 'connect', 'unreachable'],
  ['connecting', error('connect', 'EACCES'), 'connect', 'denied'],
  ['connecting', error('connect', 'EINVAL'), 'connect', 'denied'],
  ['connecting', error('connect', 'EADDRNOTAVAIL'), 'connect', 'local-ports'],
  ['connecting', error('connect', 'EMFILE'), 'connect', 'local-files'],
  ['connecting', error('getaddrinfo', 'ENOTFOUND'), 'connect', 'name-unknown'],
  ['connecting', { kind: 'timed-out' }, 'connect', 'timed-out'],
  ['sent', error('write', 'EPIPE'), 'send', 'reset'],
  ['sent', error('write', 'ECONNRESET'), 'send', 'reset'],
  ['sent', error('read', 'ECONNRESET'), 'headers', 'reset'],
  ['sent', { kind: 'closed' }, 'headers', 'closed'],
  ['sent', { kind: 'timed-out' }, 'headers', 'timed-out'],
  ['headers', { kind: 'closed' }, 'headers', 'closed'],
  ['headers', { kind: 'malformed', part: 'header' }, 'headers', 'malformed'],
  ['body', error('read', 'ECONNRESET'), 'body', 'reset'],
  ['body', error('read', 'EHOSTUNREACH'), 'body', 'unreachable'],
  ['body', { kind: 'closed' }, 'body', 'closed'],
  ['body', { kind: 'timed-out' }, 'body', 'timed-out'],
])('%s, %o is a failure of phase %s with code %s', (reached, breakage, phase, code) => {
  expect(classify(breakage, reached, null)).toMatchObject({ kind: 'failed', phase, code, status: null })
})

test('the detail names the system call and its code, and nothing of a message', () => {
  expect(classify(error('connect', 'ECONNREFUSED'), 'connecting', null).detail).toBe('connect ECONNREFUSED')
})
