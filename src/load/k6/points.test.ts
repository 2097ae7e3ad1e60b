import { describe, expect, it, test } from 'vitest'
import { instantUs, parsePoint } from './points.ts'
import { RequestPoints } from './request-points.ts'
import { pointOf, requestPoints } from './testdata/points.ts'

describe('a line of k6', () => {
  it('is a point with its tags and its metadata', () => {
    const line =
      '{"metric":"http_reqs","type":"Point","data":{"time":"2026-11-21T17:18:39.341192123Z","value":1,' +
      '"tags":{"error_code":"1000","scenario":"fresh","status":"0"},"metadata":{"seq":"12"}}}'
    expect(parsePoint(line)).toEqual({
      metric: 'http_reqs',
      atUs: Date.parse('2026-11-21T17:18:39.341Z') * 1000 + 192,
      value: 1,
      tags: { error_code: '1000', scenario: 'fresh', status: '0' },
      metadata: { seq: '12' },
    })
  })

  it('may have its keys in another order', () => {
    const line =
      '{"type":"Point","data":{"value":2,"time":"2026-11-21T17:18:39Z","tags":null},"metric":"dropped_iterations"}'
    expect(parsePoint(line)).toMatchObject({ metric: 'dropped_iterations', value: 2, tags: {}, metadata: {} })
  })

  it.each([
    '{"type":"Metric","data":{"name":"http_reqs","type":"counter"},"metric":"http_reqs"}',
    '{"metric":"vus_max","type":"Point","data":{"time":"2026-11-21T17:18:39Z","value":1,"tags":{}}}',
    '{"metric":"http_reqs","type":"Point","data":{"time":"yesterday","value":1,"tags":{}}}',
    '{"metric":"http_reqs","type":"Point","data":{"time":"2026-11',
    'a summary of the "Point" that the script makes itself',
    '',
  ])('is none of ours: %s', line => expect(parsePoint(line)).toBeNull())
})

test.each([
  ['2026-11-21T17:18:39Z', 0],
  ['2026-11-21T17:18:39.5Z', 500_000],
  ['2026-11-21T18:18:39.000001999+01:00', 1],
])('the instant %s keeps its microseconds', (text, us) => {
  expect(instantUs(text)).toBe(Date.parse('2026-11-21T17:18:39Z') * 1000 + us)
})

describe('the points of a request', () => {
  it('are one request, whatever comes after the first', () => {
    const [first, ...rest] = requestPoints({ atMs: 5, status: '200', spans: { http_req_waiting: 1.5 } })
    const requests = new RequestPoints()
    const given = [first, ...rest.reverse()].flatMap(point =>
      point === undefined ? [] : requests.add(point),
    )
    expect(given.filter(each => each !== null)).toMatchObject([{ status: 200, errorCode: 0, waitingMs: 1.5 }])
  })

  it('are an error when a second request begins before the first is whole', () => {
    const requests = new RequestPoints()
    const [first] = requestPoints({ atMs: 5 })
    if (first !== undefined) requests.add(first)
    expect(() => requests.add(pointOf('http_reqs', 6))).toThrow('before it had told the last one whole')
    expect(() => new RequestPoints().add(pointOf('http_req_waiting', 6))).toThrow('of no request')
  })
})
