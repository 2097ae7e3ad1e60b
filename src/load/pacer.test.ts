import fc from 'fast-check'
import { expect, test } from 'vitest'
import { scheduledAtUs, staggeredPaces } from './pacer.ts'

const startUs = 1_700_000_000_000_000

test('request i is due at the origin plus i periods, without drift however far i is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 10_000_000 }), (rate, index) => {
      const dueUs = scheduledAtUs({ originUs: startUs, ratePerSecond: rate }, index)
      // Exact in integers: what a whole number of seconds holds is due on that very second.
      const wholeSeconds = Math.floor(index / rate)
      const rest = index % rate
      expect(Math.abs(dueUs - startUs - wholeSeconds * 1_000_000 - (rest * 1_000_000) / rate)).toBeLessThan(1)
    }),
  )
})

test('the populations of the default load never fall due in the same millisecond', () => {
  const paces = staggeredPaces([200, 100, 10], startUs)
  const dues = paces
    .flatMap(pace => Array.from({ length: pace.ratePerSecond * 3 }, (_, index) => scheduledAtUs(pace, index)))
    .sort((a, b) => a - b)
  const gaps = dues.slice(1).map((dueUs, index) => dueUs - (dues[index] ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThan(1000)
})

test('staggering shifts a schedule by less than one period of the fastest population', () => {
  for (const pace of staggeredPaces([600, 200, 10], startUs)) {
    expect(pace.originUs).toBeGreaterThanOrEqual(startUs)
    expect(pace.originUs).toBeLessThan(startUs + 1_000_000 / 600)
  }
})
