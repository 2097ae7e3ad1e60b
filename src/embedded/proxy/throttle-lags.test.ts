/** The Monte-Carlo table of semantics §7.2: how long after the change for an old pod its rules are gone. */
import { describe, expect, test } from 'vitest'
import { seededRandom, type Random } from '../../base/random.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { SyncThrottle } from './throttle.ts'

/** From the slice's change for an old pod to the end of the run that takes it up, in ms, for each `delete`. */
function lagsOf(minor: number, random: Random, requests: { atMs: number; deletes: boolean }[]): number[] {
  const clock = new FakeClock(0)
  const lags: number[] = []
  let waiting: number[] = []
  const throttle = new SyncThrottle({
    clock,
    kubernetesMinor: minor,
    minSyncMs: 1000,
    syncPeriodMs: 30_000,
    burst: 2,
    run(done) {
      const taken = waiting
      waiting = []
      clock.after(random.between(20, 60), () => {
        for (const atUs of taken) lags.push((clock.nowUs() - atUs) / 1000)
        done()
      })
    },
  })
  for (const { atMs, deletes } of requests)
    clock.after(atMs, () => {
      if (deletes) waiting.push(clock.nowUs())
      throttle.request()
    })
  clock.advance(25_000)
  throttle.stop()
  return lags
}

/** One pod of a rollout: its address appears, it becomes ready, and 30–80 ms later the old pod is deleted. */
function step(random: Random, startMs: number, readyMs: [number, number], availableMs = 0) {
  const ready = startMs + random.between(...readyMs)
  const deleted = ready + availableMs + random.between(30, 80)
  return [
    { atMs: startMs, deletes: false },
    { atMs: ready, deletes: false },
    { atMs: deleted, deletes: true },
  ]
}

type Situation = (random: Random) => { atMs: number; deletes: boolean }[]
const isolated: Situation = () => [{ atMs: 5000, deletes: true }]
const fast: Situation = random => step(random, 5000, [20, 60])
const slow: Situation = random => step(random, 5000, [1500, 3000])
const minReady: Situation = random => step(random, 5000, [20, 60], 5000)
const overlapping: Situation = random => {
  const at = Array.from({ length: 10 }, () => 5000 + random.between(0, 10_000))
  return at.flatMap(startMs => step(random, startMs, [1500, 3000]))
}

function deciles(minor: number, situation: Situation): number[] {
  const random = seededRandom(minor)
  const lags = Array.from({ length: 400 }, () => lagsOf(minor, random, situation(random))).flat()
  lags.sort((a, b) => a - b)
  return [0.1, 0.5, 0.9].map(share => (lags[Math.floor(share * lags.length)] ?? Number.NaN) / 1000)
}

/** p10, p50 and p90 in seconds as the table has them, and by how much they may differ. */
const table: [string, Situation, number, number[], number[]][] = [
  ['isolated delete', isolated, 0.01, [0.02, 0.04, 0.06], [0.02, 0.04, 0.06]],
  ['new pod ready after 20–60 ms', fast, 0.02, [1.0, 1.03, 1.06], [0.95, 0.99, 1.02]],
  ['new pod ready after 1.5–3 s', slow, 0.02, [0.03, 0.04, 0.06], [1.0, 1.02, 1.05]],
  ['minReadySeconds 5', minReady, 0.01, [0.02, 0.04, 0.06], [0.02, 0.04, 0.06]],
  // How ten pods overlap is not said there: only the shape can agree.
  ['ten pods, overlapping', overlapping, 0.15, [0.21, 0.66, 1.01], [0.16, 0.62, 1.0]],
]

describe.each(table)('%s', (_name, situation, bound, bucket, gap) => {
  test.each([
    [33, bucket],
    [34, gap],
  ])('1.%i', (minor, expected) => {
    const measured = deciles(minor, situation)
    const differences = measured.map((value, index) => Math.abs(value - (expected[index] ?? 0)))
    expect(Math.max(...differences), `p10/p50/p90 ${measured.join('/')}`).toBeLessThan(bound)
  })
})
