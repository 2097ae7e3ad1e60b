import { expect, test } from 'vitest'
import { shortenedGrace, terminationClock } from './grace.ts'

const floorMs = 2000

test.each([
  // configuration, grace, hook, SIGTERM, SIGKILL (semantics A.2)
  ['no hook', 30, null, 0, 30_000],
  ['preStop sleep 10', 30, 10_000, 10_000, 30_000],
  ['preStop exec taking 10.9 s', 30, 10_900, 10_900, 30_900],
  ['preStop sleep 30, grace 30', 30, 30_000, 30_000, 32_000],
  ['preStop exec hanging', 30, Infinity, 30_000, 32_000],
  ['preStop exec, binary missing', 30, 50, 50, 30_050],
  ['grace 1, no hook', 1, null, 0, 2000],
  ['grace 0 and force: one second for the hook', shortenedGrace(null, 0), Infinity, 1000, 3000],
  ['liveness kill with a grace period of 5', 5, null, 0, 5000],
  ['grace 6, preStop 5', 6, 5000, 5000, 7000],
])('%s', (_, graceSeconds, hookMs, sigtermMs, sigkillMs) => {
  expect(terminationClock(graceSeconds, hookMs, floorMs)).toEqual({ sigtermMs, sigkillMs })
})

test('a grace period is only ever shortened, and never below one second', () => {
  expect(shortenedGrace(30, 60)).toBe(30)
  expect(shortenedGrace(30, 5)).toBe(5)
  expect(shortenedGrace(30, 0)).toBe(1)
})
