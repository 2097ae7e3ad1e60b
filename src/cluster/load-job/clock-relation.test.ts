/** Against a clock whose true offset and drift the test chooses, over a network as uneven as it likes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClockRelation } from './clock-relation.ts'

const startUs = 1_700_000_000_000_000

interface Trip {
  /** Our time since the trip before. */
  pauseUs: number
  thereUs: number
  backUs: number
}

const trips = fc.array(
  fc.record({
    pauseUs: fc.integer({ min: 0, max: 2_000_000 }),
    thereUs: fc.integer({ min: 0, max: 300_000 }),
    backUs: fc.integer({ min: 0, max: 300_000 }),
  }),
  { minLength: 1, maxLength: 60 },
)
const hoursUs = 3_600_000_000
const skew = fc.record({
  offsetUs: fc.integer({ min: -9 * hoursUs, max: 9 * hoursUs }),
  driftPpm: fc.integer({ min: -900, max: 900 }),
})

function otherClock({ offsetUs, driftPpm }: { offsetUs: number; driftPpm: number }) {
  return (ourUs: number): number => Math.round(ourUs + offsetUs + ((ourUs - startUs) * driftPpm) / 1e6)
}

function relate(other: (ourUs: number) => number, list: Trip[]): { relation: ClockRelation; endUs: number } {
  const relation = new ClockRelation()
  let nowUs = startUs
  for (const { pauseUs, thereUs, backUs } of list) {
    const sentUs = nowUs + pauseUs
    const receivedUs = sentUs + thereUs + backUs
    relation.add({ sentUs, otherUs: other(sentUs + thereUs), receivedUs })
    nowUs = receivedUs
  }
  return { relation, endUs: nowUs }
}

test('an instant of the other clock is ours within the error, whenever it was', () => {
  fc.assert(
    fc.property(skew, trips, fc.double({ min: -0.2, max: 1.2, noNaN: true }), (truth, list, part) => {
      const other = otherClock(truth)
      const { relation, endUs } = relate(other, list)
      const ourUs = Math.round(startUs + part * (endUs - startUs))
      const found = relation.offsetFor(other(ourUs), other(ourUs))
      if (found === null) throw new Error('clocks that drift as clocks do were not related')
      expect(Math.abs(other(ourUs) - found.offsetUs - ourUs)).toBeLessThanOrEqual(found.errorUs + 1)
    }),
  )
})

test('over a span, both of its ends are within the error', () => {
  fc.assert(
    fc.property(skew, trips, fc.integer({ min: 0, max: 10_000_000 }), (truth, list, lengthUs) => {
      const other = otherClock(truth)
      const { relation, endUs } = relate(other, list)
      const [fromUs, toUs] = [endUs - lengthUs, endUs]
      const found = relation.offsetFor(other(fromUs), other(toUs))
      for (const ourUs of [fromUs, toUs])
        expect(Math.abs(other(ourUs) - (found?.offsetUs ?? 0) - ourUs)).toBeLessThanOrEqual(
          (found?.errorUs ?? 0) + 1,
        )
    }),
  )
})

test('the shortest round trip decides how well it is known', () => {
  const other = otherClock({ offsetUs: 3 * hoursUs, driftPpm: 0 })
  const slow = { pauseUs: 1000, thereUs: 40_000, backUs: 60_000 }
  const quick = { pauseUs: 1000, thereUs: 150, backUs: 250 }
  const { relation, endUs } = relate(other, [slow, slow, quick, slow])
  const found = relation.offsetFor(other(endUs), other(endUs))
  expect(found?.errorUs).toBeLessThan(400)
})

test('while the bounds allow it the offset stays, so that distances within one clock do too', () => {
  const other = otherClock({ offsetUs: 5000, driftPpm: 0 })
  const list = Array.from({ length: 50 }, () => ({ pauseUs: 250_000, thereUs: 500, backUs: 500 }))
  const offsets = new Set<number | undefined>()
  const relation = new ClockRelation()
  let nowUs = startUs
  for (const { pauseUs, thereUs, backUs } of list) {
    nowUs += pauseUs
    relation.add({ sentUs: nowUs, otherUs: other(nowUs + thereUs), receivedUs: nowUs + thereUs + backUs })
    offsets.add(relation.offsetFor(other(nowUs), other(nowUs))?.offsetUs)
  }
  expect(offsets.size).toBe(1)
})

test('a clock that is stepped is not followed: nothing is claimed of it any more', () => {
  const relation = new ClockRelation()
  relation.add({ sentUs: startUs, otherUs: startUs + 500, receivedUs: startUs + 1000 })
  relation.add({ sentUs: startUs + 2000, otherUs: startUs + 900_000, receivedUs: startUs + 3000 })
  expect(relation.offsetFor(startUs, startUs)).toBeNull()
})

test('before the first round trip nothing is known', () => {
  expect(new ClockRelation().offsetFor(startUs, startUs)).toBeNull()
})
