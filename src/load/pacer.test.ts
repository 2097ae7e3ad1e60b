import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { IdleTimes } from './idle-times.ts'
import {
  constantTimes,
  poissonTimes,
  scheduledAtUs,
  shareOf,
  staggeredPaces,
  steppedTimes,
  type DueTimes,
} from './pacer.ts'

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

const rates = fc.integer({ min: 1, max: 3000 })
const take = (times: DueTimes, count: number): number[] => Array.from({ length: count }, () => times())

test('steps follow each other without a gap, each at its own rate, and the last one goes on', () => {
  const steps = [
    { ratePerSecond: 10, durationMs: 1000 },
    { ratePerSecond: 0, durationMs: 500 },
    { ratePerSecond: 100, durationMs: 100 },
  ]
  const dues = take(steppedTimes(steps, startUs), 40).map(dueUs => (dueUs - startUs) / 1000)
  expect(dues.slice(0, 10)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900])
  expect(dues.slice(10, 13)).toEqual([1500, 1510, 1520])
  expect(dues.at(-1)).toBe(1790)
  const paused = steppedTimes(
    [
      { ratePerSecond: 5, durationMs: 200 },
      { ratePerSecond: 0, durationMs: 1 },
    ],
    startUs,
  )
  expect(take(paused, 2)).toEqual([startUs, Number.POSITIVE_INFINITY])
})

test('Poisson arrivals keep the rate, vary as they should, and are the same for the same seed', () => {
  const of = (seed: number): number[] =>
    take(poissonTimes({ originUs: startUs, ratePerSecond: 1000 }, seededRandom(seed)), 20_000)
  const dues = of(7)
  expect(of(7)).toEqual(dues)
  expect(of(8)).not.toEqual(dues)
  const gaps = dues.map((dueUs, index) => dueUs - (dues[index - 1] ?? startUs))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0)
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  // The deviation of an exponential wait is its mean: 1000 us, within five standard errors of 20,000 waits.
  expect(Math.abs(mean - 1000)).toBeLessThan(36)
  expect(Math.abs(Math.sqrt(variance) - 1000)).toBeLessThan(50)
})

test('the shares of the workers are the schedule, each request once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), rates, (count, ratePerSecond) => {
      const whole = take(constantTimes({ originUs: startUs, ratePerSecond }), 60)
      const shares = Array.from({ length: count }, (_, index) =>
        take(shareOf(constantTimes({ originUs: startUs, ratePerSecond }), { index, count }), 60 / count + 1),
      )
      const together = shares.flat().sort((a, b) => a - b)
      expect(together.slice(0, 60)).toEqual(whole)
    }),
  )
})

test('connections at rest come back after their rest, give or take the jitter, each in its turn', () => {
  const gaps = { idleMs: 1000, jitterMs: 400 }
  const random = seededRandom(3)
  const times = new IdleTimes({ originUs: startUs, ratePerSecond: 8 }, gaps, { index: 0, count: 1 }, random)
  const lastUs = new Map<number, number>()
  const rests: number[] = []
  let beforeUs = startUs
  expect(times.size).toBe(8)
  for (let index = 0; index < 400; index++) {
    const dueUs = times.next()
    expect(dueUs).toBeGreaterThanOrEqual(beforeUs)
    beforeUs = dueUs
    const previousUs = lastUs.get(times.turn)
    if (previousUs !== undefined) rests.push((dueUs - previousUs) / 1000)
    lastUs.set(times.turn, dueUs)
  }
  expect(lastUs.size).toBe(8)
  expect(Math.min(...rests)).toBeGreaterThanOrEqual(600)
  expect(Math.max(...rests)).toBeLessThanOrEqual(1400)
  // It straddles a time-out of a second.
  expect(Math.min(...rests)).toBeLessThan(900)
  expect(Math.max(...rests)).toBeGreaterThan(1100)
})
