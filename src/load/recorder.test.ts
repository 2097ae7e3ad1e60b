import { expect, test } from 'vitest'
import type { Outcome, Sample } from '../model/load.ts'
import { sampleOf as anySample } from '../testing/sample.ts'
import { Recorder, type RecordedSample } from './recorder.ts'
import { summarize } from './summary.ts'

const originUs = 1_700_000_000_000_000

function sampleOf(seq: number, outcome: Outcome, changes: Partial<Sample> = {}): Sample {
  const scheduledUs = originUs + seq * 1000
  const times = { sentUs: scheduledUs + 200, writtenUs: scheduledUs + 210, firstByteUs: scheduledUs + 700 }
  const known = {
    seq,
    population: 'reused',
    scheduledUs,
    ...times,
    endedUs: scheduledUs + 900,
    outcome,
  } as const
  return anySample({ ...known, ...changes })
}

function readAll(recorder: Recorder): RecordedSample[] {
  const all: RecordedSample[] = []
  recorder.forEach(sample => all.push({ ...sample }))
  return all
}

test('what is recorded in any order is read in the order of its numbers', () => {
  const recorder = new Recorder()
  const connection = {
    id: 7,
    use: 2,
    idleUs: 5,
    openedUs: originUs,
    localPort: 1,
    remoteAddress: '127.0.0.1',
    remotePort: 80,
  }
  const failed: Outcome = { kind: 'failed', phase: 'status', code: 'status-5xx', status: 503, detail: null }
  recorder.take(sampleOf(70_000, failed, { connection }))
  recorder.take(sampleOf(1, { kind: 'skipped' }, { sentUs: null, firstByteUs: null, endedUs: null }))
  recorder.take(sampleOf(0, { kind: 'succeeded', status: 200 }))
  recorder.take(sampleOf(2, { kind: 'unresolved' }, { firstByteUs: null, endedUs: null }))

  expect(readAll(recorder)).toMatchObject([
    { outcome: 'succeeded', status: 200, latencyUs: 900, serviceUs: 700, firstByteUs: 500, latenessUs: 200 },
    { outcome: 'skipped', latencyUs: null, latenessUs: null },
    { outcome: 'unresolved', latencyUs: null, latenessUs: 200 },
    { outcome: 'failed', status: 503, reused: true, latencyUs: 900 },
  ])
})

test('a request takes 20 bytes', () => {
  const recorder = new Recorder()
  recorder.take(sampleOf(0, { kind: 'succeeded', status: 200 }))
  const arrays = Object.values(recorder.chunks[0] ?? {}).filter(each => ArrayBuffer.isView(each))
  expect(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0) / 65_536).toBe(20)
})

test('the shares of several workers make one summary', () => {
  const recorders = [0, 1].map(index => {
    const recorder = new Recorder(2)
    for (let seq = index; seq < 100; seq += 2)
      recorder.take(sampleOf(seq, { kind: 'succeeded', status: 200 }))
    return recorder
  })
  const { populations } = summarize(recorders)
  expect(populations).toHaveLength(1)
  expect(populations[0]).toMatchObject({
    population: 'reused',
    totals: { scheduled: 100, sent: 100, succeeded: 100, failed: 0 },
  })
  expect(populations[0]?.latencyUs).toMatchObject({ count: 100, p50: 900, max: 900 })
  expect(populations[0]?.latenessUs).toMatchObject({ count: 100, p50: 200 })
})

test('what is told of all populations together is of each request, not of the populations’ own figures', () => {
  const recorder = new Recorder()
  const population = 'fresh'
  for (let seq = 0; seq < 90; seq++) recorder.take(sampleOf(seq, { kind: 'succeeded', status: 200 }))
  for (let seq = 90; seq < 100; seq++) {
    const { scheduledUs } = sampleOf(seq, { kind: 'unresolved' })
    const endedUs = scheduledUs + 5000
    recorder.take(sampleOf(seq, { kind: 'succeeded', status: 200 }, { population, endedUs }))
  }
  recorder.take(sampleOf(100, { kind: 'skipped' }, { sentUs: null, firstByteUs: null, endedUs: null }))
  const { populations, together } = summarize([recorder])
  expect(populations.map(each => each.population)).toEqual(['fresh', 'reused'])
  expect(together.totals).toMatchObject({ scheduled: 101, sent: 100, succeeded: 100, skipped: 1 })
  expect(together.latencyUs).toMatchObject({ count: 100, min: 900, p50: 900, p90: 900, mean: 1310 })
  expect(together.latencyUs.p99).toBeGreaterThan(4990)
  expect(together.latenessUs).toMatchObject({ count: 100, p50: 200 })
})

test('a run in which nothing was due has a summary, too', () => {
  const { populations, together } = summarize([new Recorder()])
  expect(populations).toEqual([])
  expect(together).toMatchObject({ totals: { scheduled: 0 }, latencyUs: { count: 0 } })
})
