import { expect, test } from 'vitest'
import { FakeClock } from '../../testing/fake-clock.ts'
import { SyncThrottle } from './throttle.ts'

const runMs = 40

/** Requests at the given milliseconds; returns when the runs began. */
function runsOf(kubernetesMinor: number, requestsMs: readonly number[], untilMs = 20_000): number[] {
  const clock = new FakeClock(0)
  const begun: number[] = []
  const throttle = new SyncThrottle({
    clock,
    kubernetesMinor,
    minSyncMs: 1000,
    syncPeriodMs: 30_000,
    burst: 2,
    run(done) {
      begun.push(clock.nowUs() / 1000)
      clock.after(runMs, done)
    },
  })
  for (const atMs of requestsMs) clock.after(atMs, () => throttle.request())
  clock.advance(untilMs)
  return begun
}

test('from 1.34 on the first change after an idle second runs at once, the next waits for the gap', () => {
  expect(runsOf(34, [0, 100])).toEqual([0, 1040])
})

test('from 1.34 on changes within the gap coalesce into one run at its end', () => {
  expect(runsOf(34, [0, 20, 300, 900])).toEqual([0, 1040])
})

test('from 1.34 on there is no burst, however long it was idle', () => {
  expect(runsOf(34, [10_000, 10_100, 12_500])).toEqual([10_000, 11_040, 12_500])
})

test('up to 1.33 two changes run at once, the third a second after the end of the last run', () => {
  expect(runsOf(33, [0, 100, 200])).toEqual([0, 100, 1140])
})

test('up to 1.33 a token that came back lets a later change run', () => {
  expect(runsOf(33, [0, 100, 1500])).toEqual([0, 100, 1500])
})

test('a change during a run is taken up after it', () => {
  expect(runsOf(33, [0, 20])).toEqual([0, 40])
  expect(runsOf(34, [0, 20])).toEqual([0, 1040])
})

test('without any change it runs again a sync period after the last run, also twice', () => {
  expect(runsOf(34, [0], 70_000)).toEqual([0, 30_040, 60_080])
  expect(runsOf(33, [0, 100], 35_000)).toEqual([0, 100, 30_140])
})
