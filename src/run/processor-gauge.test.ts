import { expect, test } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { ProcessorGauge } from './processor-gauge.ts'

test('the gauge tells how many cores were free of late, and none before it knows', () => {
  const clock = new FakeClock()
  let idleMs = 5000
  const gauge = new ProcessorGauge(clock, () => idleMs)
  const pass = (ms: number, freeCores: number): number[] =>
    Array.from({ length: ms / 250 }, () => {
      clock.advance(250)
      idleMs += 250 * freeCores
      return gauge.freeCores()
    })
  gauge.freeCores()
  expect(pass(2250, 1.5).every(free => free === 0)).toBe(true)
  expect(pass(250, 1.5)).toEqual([1.5])
  expect(pass(60_000, 0).at(-1)).toBe(0)
  expect(pass(1250, 2).at(-1)).toBe(1)
  expect(pass(1250, 2).at(-1)).toBe(2)
})
