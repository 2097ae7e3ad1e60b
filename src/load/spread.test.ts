import fc from 'fast-check'
import { expect, test } from 'vitest'
import { kindOf } from './spread.ts'

const shares = { postShare: 0.05, streamShare: 0.05 }
const kinds = (from: number, length: number) =>
  Array.from({ length }, (_, index) => kindOf(shares, from + index))

test('any stretch of the schedule holds each kind in its share, within four requests', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 1, max: 2000 }), (from, length) => {
      for (const kind of ['post', 'stream'] as const) {
        const count = kinds(from, length).filter(other => other === kind).length
        expect(Math.abs(count - length * 0.05)).toBeLessThanOrEqual(4)
      }
    }),
  )
})

test('the kinds do not lock on to a fixed set of connections used in turn', () => {
  const connections = new Set(kinds(0, 6000).flatMap((kind, index) => (kind === 'post' ? [index % 60] : [])))
  expect(connections.size).toBe(60)
})

test('shares of 0 and 1 mean never and always', () => {
  for (let index = 0; index < 1000; index++) {
    expect(kindOf({ postShare: 0, streamShare: 0 }, index)).toBe('get')
    expect(kindOf({ postShare: 1, streamShare: 0 }, index)).toBe('post')
    expect(kindOf({ postShare: 0, streamShare: 1 }, index)).toBe('stream')
  }
})
