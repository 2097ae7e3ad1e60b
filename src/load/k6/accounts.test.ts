import { beforeEach, describe, expect, it } from 'vitest'
import type { Sample } from '../../model/load.ts'
import { planFor, population } from '../testdata/plans.ts'
import { OwnScriptAccount } from './own-script.ts'
import { RequestPoints } from './request-points.ts'
import { originUs, pointOf, requestPoints, type RequestCase } from './testdata/points.ts'
import { UserScriptAccount } from './user-script.ts'

let samples: Sample[] = []
beforeEach(() => void (samples = []))
const keep = (sample: Sample): void => void samples.push(sample)

function tell(account: OwnScriptAccount | UserScriptAccount, request: RequestCase): void {
  const requests = new RequestPoints()
  for (const point of requestPoints(request)) {
    const whole = requests.add(point)
    if (whole !== null) account.request(whole)
  }
}

describe('the script that ships with the program', () => {
  const plan = planFor(1, [
    population({ ratePerSecond: 100 }),
    population({ population: 'reused', ratePerSecond: 10, connections: 5 }),
  ])
  const tags = { scenario: 'fresh' }
  const begin = (account: OwnScriptAccount, iteration: number, atMs: number): { seq: string } => {
    const metadata = {
      seq: String(iteration * 3),
      iteration: String(iteration),
      kind: 'post',
      start: '1800000000000',
    }
    account.point(pointOf('rollproof_begun', atMs, { tags, metadata }))
    return { seq: metadata.seq }
  }
  const spans = {
    http_req_blocked: 0.1,
    http_req_sending: 0.1,
    http_req_waiting: 0.4,
    http_req_receiving: 0.1,
  }

  it('gives a sample for each request, with what the answer said', () => {
    const account = new OwnScriptAccount(plan, keep)
    const metadata = begin(account, 2, 21)
    expect(account.open).toBe(1)
    tell(account, { atMs: 25, status: '200', tags, metadata, spans: { ...spans, http_req_duration: 0.6 } })
    account.point(pointOf('rollproof_done', 26, { tags, metadata: { ...metadata, pod: 'web-a', check: '' } }))
    expect(samples).toEqual([
      {
        seq: 6,
        population: 'fresh',
        kind: 'post',
        scheduledUs: originUs + 20_000,
        sentUs: originUs + 21_000,
        writtenUs: originUs + 24_500,
        firstByteUs: originUs + 24_900,
        endedUs: originUs + 25_000,
        connection: null,
        servedBy: 'web-a',
        outcome: { kind: 'succeeded', status: 200 },
      },
    ])
    expect(account.close()).toMatchObject({ scheduled: 1, sent: 1, succeeded: 1 })
  })

  it('counts what k6 dropped as skipped, and the later ones as due later by as much', () => {
    const account = new OwnScriptAccount(plan, keep)
    begin(account, 0, 0)
    account.point(pointOf('dropped_iterations', 10, { tags, value: 2 }))
    begin(account, 1, 31)
    expect(samples).toMatchObject([
      { seq: 2, outcome: { kind: 'skipped' }, sentUs: null },
      { seq: 5, outcome: { kind: 'skipped' } },
    ])
    expect(account.close()).toEqual({
      scheduled: 4,
      sent: 2,
      skipped: 2,
      succeeded: 0,
      failed: 0,
      unresolved: 2,
    })
    expect(samples.slice(2)).toMatchObject([
      { scheduledUs: originUs },
      { scheduledUs: originUs + 30_000, outcome: { kind: 'unresolved' } },
    ])
  })

  it('does not count the questions to the program itself', () => {
    const account = new OwnScriptAccount(plan, keep)
    tell(account, { atMs: 1, status: '200', tags, metadata: { seq: '' } })
    expect(account.close().scheduled).toBe(0)
  })

  it('is not believed when its own account does not add up', () => {
    const account = new OwnScriptAccount(plan, keep)
    const metadata = begin(account, 0, 0)
    expect(() => begin(account, 0, 1)).toThrow('twice')
    expect(() => account.point(pointOf('rollproof_done', 2, { tags, metadata }))).toThrow(
      'without having told it',
    )
    tell(account, { atMs: 2, status: '200', tags, metadata })
    expect(() => tell(account, { atMs: 3, status: '200', tags, metadata })).toThrow('told request 0 twice')
    expect(() => tell(account, { atMs: 3, status: '200', tags, metadata: { seq: '9' } })).toThrow(
      'is missing',
    )
  })
})

describe('a script of the user’s own', () => {
  const url = 'http://127.0.0.1:8080/checkout'

  it('gives a sample for each request to the target, of the population that its tag names', () => {
    const account = new UserScriptAccount('127.0.0.1:8080', keep)
    tell(account, { atMs: 5, status: '200', tags: { url, method: 'GET' }, spans: { http_req_duration: 2 } })
    tell(account, { atMs: 6, errorCode: '1212', tags: { url, method: 'POST', population: 'fresh' } })
    tell(account, { atMs: 7, status: '200', tags: { url: 'http://elsewhere.test/', method: 'GET' } })
    tell(account, { atMs: 8, status: '503', tags: { url: 'buy a book', method: 'GET' } })
    expect(samples).toMatchObject([
      { seq: 0, population: 'reused', kind: 'get', sentUs: originUs + 3000, outcome: { kind: 'succeeded' } },
      { seq: 1, population: 'fresh', kind: 'post', outcome: { phase: 'connect', code: 'refused' } },
      { seq: 2, outcome: { code: 'status-5xx' } },
    ])
    expect(account.close()).toMatchObject({ scheduled: 3, sent: 3, succeeded: 1, failed: 2 })
  })

  it('counts nothing that ends after k6 was told to stop: it was cut off', () => {
    const account = new UserScriptAccount('127.0.0.1:8080', keep)
    account.stopAt(originUs + 10_000)
    tell(account, { atMs: 10, status: '200', tags: { url } })
    tell(account, { atMs: 11, errorCode: '1000', tags: { url } })
    account.point(pointOf('dropped_iterations', 9))
    account.point(pointOf('dropped_iterations', 12))
    expect(account.close()).toMatchObject({ scheduled: 2, sent: 1, skipped: 1 })
  })
})
