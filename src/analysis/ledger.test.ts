import { expect, it } from 'vitest'
import type { Population, Sample } from '../model/load.ts'
import { sampleOf } from '../testing/sample.ts'
import { populationsThatLeave, summarizeLedger, type LedgerBook } from './ledger.ts'

const succeeded = (seq: number, population: Population): Sample => sampleOf({ seq, population })

const book: LedgerBook = {
  arrivals: new Map([
    [0, 1],
    [1, 1],
  ]),
  answered: new Set(),
  unreadable: 0,
}

it('wants an answer for each success, but for streams that the client left: there, an arrival', () => {
  const samples = [succeeded(0, 'reused'), succeeded(1, 'stream'), succeeded(2, 'stream')]
  expect(summarizeLedger(book, samples).succeededNotAnswered).toBe(3)
  expect(summarizeLedger(book, samples, new Set<Population>(['stream'])).succeededNotAnswered).toBe(2)
})

it('knows them by their protocol', () => {
  const profile = { ratePerSecond: 1, connections: 1, postShare: 0, streamShare: 0, answerMs: 0 }
  const leaving = populationsThatLeave({
    populations: [
      { population: 'reused', ...profile },
      { population: 'slow', ...profile, protocol: 'events' },
      { population: 'idle', ...profile, protocol: 'http/2' },
      { population: 'stream', ...profile, protocol: 'websocket' },
    ],
    connectTimeoutMs: 1,
    firstByteTimeoutMs: 1,
  })
  expect([...leaving]).toEqual(['slow', 'stream'])
})
