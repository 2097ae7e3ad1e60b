import { expect, it } from 'vitest'
import type { Outcome } from '../model/load.ts'
import { packSample } from '../model/sample-row.ts'
import { sampleOf } from '../testing/sample.ts'
import { AwaitedAnswers } from './awaited-answers.ts'

const prefix = '0123abcd'
const row = (seq: number, outcome: Outcome): ReturnType<typeof packSample> =>
  packSample(sampleOf({ seq, servedBy: 'web-1', outcome }))
const succeeded: Outcome = { kind: 'succeeded', status: 200 }
const failed: Outcome = { kind: 'failed', phase: 'headers', code: 'reset', status: null, detail: null }
const answered = (seq: number, ofPrefix = prefix): Parameters<AwaitedAnswers['noteLedger']>[0] => ({
  pod: 'web-1',
  request: `${ofPrefix}-${seq}`,
  atUs: 3,
  what: 'answered',
})

it('waits for each success by its number: answers that never came through do not stand in for one', () => {
  const awaited = new AwaitedAnswers(prefix)
  awaited.noteSample(row(1, succeeded))
  awaited.noteSample(row(2, failed))
  awaited.noteSample(row(3, succeeded))
  expect(awaited.count).toBe(2)
  awaited.noteLedger({ ...answered(1), what: 'arrived' })
  awaited.noteLedger(answered(2))
  awaited.noteLedger(answered(3, 'ffffffff'))
  expect(awaited.count).toBe(2)
  awaited.noteLedger(answered(1))
  awaited.noteLedger(answered(3))
  expect(awaited.count).toBe(0)
})

it('knows an answer that the ledger told of first', () => {
  const awaited = new AwaitedAnswers(prefix)
  awaited.noteLedger(answered(1))
  awaited.noteSample(row(1, succeeded))
  expect(awaited.count).toBe(0)
})
