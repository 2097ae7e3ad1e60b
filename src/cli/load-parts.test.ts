import { describe, expect, it, test } from 'vitest'
import { emptyTotals, type Sample } from '../model/load.ts'
import { LoadBooks } from './load-books.ts'
import { doubtsOf, exitCodeOf } from './load-doubts.ts'
import { isNearby, targetAddress } from './load-target.ts'

test.each([
  ['127.0.0.1', true],
  ['127.255.0.1', true],
  ['10.1.2.3', true],
  ['172.16.0.1', true],
  ['172.32.0.1', false],
  ['192.168.1.1', true],
  ['169.254.1.1', true],
  ['100.64.0.1', false],
  ['192.0.2.1', false],
  ['::1', true],
  ['fd00::1', true],
  ['fe80::1', true],
  ['2001:db8::1', false],
  ['::ffff:10.0.0.1', true],
  ['::ffff:192.0.2.1', false],
])('whether %s is near: %s', (address, near) => {
  expect(isNearby(address)).toBe(near)
})

describe('the address of a target', () => {
  const names =
    (...addresses: string[]) =>
    () =>
      Promise.resolve(addresses)

  it('is one of a name’s addresses, and all of them are looked at', async () => {
    const url = new URL('http://shop.example/')
    expect(await targetAddress(url, false, names('::1', '10.0.0.1'))).toEqual({
      address: '10.0.0.1',
      port: 80,
    })
    await expect(targetAddress(url, false, names('10.0.0.1', '192.0.2.1'))).rejects.toThrow('192.0.2.1')
    expect(await targetAddress(url, true, names('192.0.2.1'))).toEqual({ address: '192.0.2.1', port: 80 })
  })

  it('is taken from the URL where it stands there', async () => {
    const nobody = names()
    expect(await targetAddress(new URL('https://[::1]/'), false, nobody)).toEqual({
      address: '::1',
      port: 443,
    })
    expect(await targetAddress(new URL('http://127.0.0.1:81/'), false, nobody)).toMatchObject({ port: 81 })
  })
})

describe('what may be believed', () => {
  const end = { exitCode: 0, signal: null, stderr: '' }
  const evidence = { totals: emptyTotals(), end, books: new LoadBooks(0), interrupted: false }
  const server = { class: 'connect.refused', connection: 'fresh', count: 1 } as const
  const latencyUs = { count: 0, min: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
  const ours = { class: 'local.ports', connection: 'fresh', count: 1 } as const

  it('is nothing, when the driver gave no account, or counted otherwise, or sent nothing', () => {
    expect(doubtsOf({ ...evidence, totals: null })[0]).toContain('without an account')
    expect(doubtsOf({ ...evidence, totals: { ...emptyTotals(), sent: 1 } })[0]).toContain('differ in sent')
    expect(doubtsOf(evidence)).toEqual(['no request was due'])
  })

  it('is nothing, when fewer failures were told than counted', () => {
    const totals = { ...emptyTotals(), scheduled: 1, sent: 1, failed: 1 }
    const books = new LoadBooks(0)
    books.takeRecorded({
      populations: [],
      together: { totals, latencyUs, serviceUs: latencyUs, latenessUs: latencyUs },
    })
    expect(doubtsOf({ ...evidence, totals, books })).toEqual([
      expect.stringContaining('1 failed, and 0 were told of'),
    ])
  })

  it('is a failure that was seen, but not one of the driver’s own', () => {
    const failed = { ...emptyTotals(), failed: 1 }
    expect(exitCodeOf(failed, [server], [])).toBe(1)
    expect(exitCodeOf(failed, [server, ours], ['in doubt'])).toBe(1)
    expect(exitCodeOf(failed, [ours], ['in doubt'])).toBe(3)
    expect(exitCodeOf(emptyTotals(), [], [])).toBe(0)
  })

  it('is nothing when the driver stood still for long', () => {
    const books = new LoadBooks(0)
    books.stalled({ fromUs: 0, toUs: 300_000 })
    expect(doubtsOf({ ...evidence, books })).toContainEqual(
      expect.stringContaining('stood still, once for 300 ms'),
    )
  })
})

describe('the books', () => {
  const failed: Sample = {
    seq: 0,
    population: 'reused',
    kind: 'get',
    scheduledUs: 0,
    sentUs: 1,
    writtenUs: 1,
    firstByteUs: null,
    endedUs: 2,
    connection: null,
    servedBy: null,
    outcome: { kind: 'failed', phase: 'headers', code: 'closed', status: null, detail: 'read EOF' },
  }

  it('count failures by class and connection, the most frequent first', () => {
    const books = new LoadBooks(0)
    books.takeFailure(failed)
    books.takeFailure({ ...failed, population: 'fresh' })
    books.takeFailure({ ...failed, population: 'fresh' })
    expect(books.failures).toEqual([
      { class: 'closed.before-response', connection: 'fresh', count: 2 },
      { class: 'closed.before-response', connection: 'reused', count: 1 },
    ])
  })

  it('balance even of a driver that broke off', () => {
    const books = new LoadBooks(0)
    books.progressed({ scheduled: 12, sent: 10, skipped: 2, succeeded: 7, failed: 1, unresolved: 0 })
    for (let count = 0; count < 5; count++) books.takeFailure(failed)
    const expected = { scheduled: 14, sent: 12, skipped: 2, succeeded: 7, failed: 5, unresolved: 0 }
    expect(books.counted).toEqual(expected)
    books.progressed({ scheduled: 22, sent: 20, skipped: 2, succeeded: 12, failed: 5, unresolved: 0 })
    expect(books.counted).toMatchObject({ scheduled: 22, sent: 20, unresolved: 3 })
  })
})
