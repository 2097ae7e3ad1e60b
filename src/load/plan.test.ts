import { expect, test } from 'vitest'
import { parsePlan } from './plan.ts'
import { planFor, population } from './testdata/plans.ts'

test('a whole plan is taken as it is', () => {
  const plan = planFor(
    { kind: 'forwarding', url: 'http://127.0.0.1:1/t', token: 'abc', service: 'default/web:80' },
    [population({}), population({ population: 'slow', connections: 20, answerMs: 2000 })],
  )
  expect(parsePlan(JSON.stringify(plan))).toEqual({ plan, problems: null })
})

test('every problem is named at once', () => {
  const plan = planFor(0, [population({ ratePerSecond: 0, postShare: 0.8, streamShare: 0.8 })], {
    runPrefix: 'XYZ',
    host: 'a\r\nb',
  })
  expect(parsePlan(JSON.stringify(plan)).problems).toEqual([
    'runPrefix must be 8 lower-case hex digits',
    'host must be the value of a Host header',
    'target.port must be a port',
    'profile.populations[0].ratePerSecond must be above 0',
    'profile.populations[0].postShare and streamShare must not exceed 1 together',
  ])
})

test.each(['', '{', 'null', '[]', '7', '{"version":1}'])('%o is refused without throwing', line => {
  expect(parsePlan(line).plan).toBeNull()
})

test('a request of its own is checked too', () => {
  const request = { method: 'get', path: 'x', headers: [['a b', 'c\r\nd']] as [string, string][], body: null }
  const plan = planFor(80, [population({})], { request })
  expect(parsePlan(JSON.stringify(plan)).problems).toEqual([
    'request.method must be like GET',
    'request.path must begin with / and hold no space',
    'request.headers must be a list of names and values',
  ])
})
