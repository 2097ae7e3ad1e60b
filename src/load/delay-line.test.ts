import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { DelayLine } from './delay-line.ts'

test('what is put in comes out in order, not early, and at most a millisecond late', () => {
  const pauses = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(pauses, fc.double({ min: 0.1, max: 30, noNaN: true }), (pausesMs, delayMs) => {
      const clock = new FakeClock()
      const line = new DelayLine(clock)
      const delayUs = Math.round(delayMs * 1000)
      const out: number[] = []
      pausesMs.forEach((pauseMs, index) => {
        clock.advance(pauseMs)
        const putInUs = clock.nowUs()
        line.push(delayUs, () => {
          out.push(index)
          expect(clock.nowUs()).toBeGreaterThanOrEqual(putInUs + delayUs)
          expect(clock.nowUs()).toBeLessThanOrEqual(putInUs + delayUs + 1000)
        })
      })
      clock.advance(100)
      expect(out).toEqual(pausesMs.map((_, index) => index))
    }),
  )
})

test('a delay that becomes shorter does not let later items overtake earlier ones', () => {
  const clock = new FakeClock()
  const line = new DelayLine(clock)
  const out: string[] = []
  line.push(20_000, () => out.push('first'))
  line.push(5_000, () => out.push('second'))
  clock.advance(19)
  expect(out).toEqual([])
  clock.advance(2)
  expect(out).toEqual(['first', 'second'])
})
