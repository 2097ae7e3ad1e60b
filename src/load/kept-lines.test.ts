/** Against a reader that comes and goes as it likes: each line reaches it once, in order. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeptLines } from './kept-lines.ts'

const steps = fc.array(
  fc.oneof(
    fc.record({ what: fc.constant('add' as const), count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ what: fc.constant('take' as const), count: fc.integer({ min: 1, max: 15 }) }),
    // What was taken and did not arrive before the connection broke is lost with it.
    fc.record({ what: fc.constant('break' as const), count: fc.integer({ min: 0, max: 15 }) }),
    fc.record({ what: fc.constant('read' as const), count: fc.constant(0) }),
  ),
  { maxLength: 60 },
)

test('whatever breaks, a reader that resumes gets every line once and in order', () => {
  fc.assert(
    fc.property(steps, list => {
      const lines = new KeptLines<number>()
      let added = 0
      let onTheWay: number[] = []
      const arrived: number[] = []
      const arrive = (count: number): void => {
        arrived.push(...onTheWay.splice(0, count))
      }
      for (const { what, count } of list) {
        if (what === 'add') for (let each = 0; each < count; each++) lines.add(added++)
        else if (what === 'take') onTheWay.push(...lines.take(count).map(({ line }) => line))
        else if (what === 'read') {
          arrive(onTheWay.length)
          lines.read(arrived.length)
        } else {
          arrive(count)
          onTheWay = []
          lines.resume(arrived.length)
        }
      }
      arrive(onTheWay.length)
      arrived.push(...lines.take(added).map(({ line }) => line))
      expect(arrived).toEqual(Array.from({ length: added }, (_, index) => index))
      lines.read(added)
      expect(lines.unread).toBe(0)
    }),
  )
})

test('a reader cannot have read what was never told', () => {
  const lines = new KeptLines<number>()
  lines.add(0)
  expect(() => lines.read(2)).toThrow('line 2 cannot have been read')
})
