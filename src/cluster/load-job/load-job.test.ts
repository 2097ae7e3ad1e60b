/**
 * Drivers in pods of the embedded cluster, against a server that keeps its own count and its own time. Their clocks are
 * hours off and drift, in opposite directions.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { present } from '../../base/assert.ts'
import { sleep, systemClock } from '../../base/clock.ts'
import type { Pod } from '../../kube/types.ts'
import type { Sample } from '../../model/load.ts'
import {
  collector,
  loadImage,
  loadOrder,
  startLoadLab,
  type Collected,
  type LoadLab,
} from '../testing/load-lab.ts'
import type { LoadProcess } from '../load-process.ts'
import { startLoadJob } from './start-load-job.ts'

const hourUs = 3_600_000_000
const skews = [`${3 * hourUs},400`, `${-7 * hourUs},-400`]
const namespace = 'default'
/** Pods start and end in their own time, seconds on a busy machine. */
const limitMs = 60_000

let lab: LoadLab
beforeAll(async () => {
  lab = await startLoadLab()
})
afterAll(() => lab.close())

function start(runPrefix: string, observer: Collected): Promise<LoadProcess> {
  return startLoadJob({
    client: lab.client,
    mutations: lab.mutations,
    clock: systemClock,
    signal: new AbortController().signal,
    namespace,
    image: loadImage,
    order: loadOrder(runPrefix),
    target: { kind: 'address', host: lab.server.host, port: lab.server.port },
    shares: skews.length,
    avoidNodes: [],
    observer,
    as: 'pods',
    env: share => ({ ROLLPROOF_CLOCK_SKEW: skews[share] ?? '' }),
  })
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(systemClock, 20)
}

async function loadPods(runPrefix: string): Promise<Pod[]> {
  const { items } = await lab.client.request<{ items: Pod[] }>('GET', `/api/v1/namespaces/${namespace}/pods`)
  return items.filter(({ metadata }) => metadata.name.startsWith(`rollproof-load-${runPrefix}`))
}

/**
 * Each number once, and every one that was sent arrived once and succeeded; a driver that had no core for a moment skipped
 * what was due meanwhile, and of that nothing arrived. Gives what was sent.
 */
function sentOf(runPrefix: string, { samples }: Collected): Sample[] {
  const seqs = samples.map(({ seq }) => seq)
  expect(new Set(seqs).size).toBe(seqs.length)
  const sent = samples.filter(({ outcome }) => outcome.kind !== 'skipped')
  for (const { outcome } of sent) expect(outcome).toEqual({ kind: 'succeeded', status: 200 })
  const arrivals = [...lab.server.arrivals].filter(([id]) => id.startsWith(runPrefix))
  for (const [, times] of arrivals) expect(times).toHaveLength(1)
  const arrived = arrivals.map(([id]) => id).sort()
  expect(arrived).toEqual(sent.map(({ seq }) => `${runPrefix}-${seq}`).sort())
  return sent
}

test(
  'shares of one schedule make one set of books, on our clock, within the error',
  async () => {
    const observer = collector()
    const load = await start('aaaa0001', observer)
    await until(() => observer.samples.length > 300)
    load.stop()
    const { totals, end } = await load.ended
    expect(end).toMatchObject({ exitCode: 0, stderr: '' })
    const sent = sentOf('aaaa0001', observer)
    const scheduled = observer.samples.length
    const skipped = scheduled - sent.length
    const succeeded = sent.length
    expect(totals).toEqual({ scheduled, sent: succeeded, succeeded, skipped, failed: 0, unresolved: 0 })

    const drivers = load.record?.().drivers ?? []
    expect(drivers.map(({ share, shares, lostLines }) => [share, shares, lostLines])).toEqual([
      [0, 2, 0],
      [1, 2, 0],
    ])
    for (const [index, hours] of [3, -7].entries()) {
      const offsetHours = (drivers[index]?.offsetUs ?? 0) / hourUs
      expect(Math.round(offsetHours * 1000) / 1000).toBe(hours)
    }
    for (const { seq, sentUs, endedUs } of sent) {
      const [arrivedUs] = present(lab.server.arrivals.get(`aaaa0001-${seq}`), `request ${seq}`)
      const errorUs = present(drivers[seq % 2]?.errorUs, 'a bound')
      expect(arrivedUs).toBeGreaterThanOrEqual((sentUs ?? Infinity) - errorUs)
      expect(arrivedUs).toBeLessThanOrEqual((endedUs ?? 0) + errorUs)
    }

    // The schedules interleave: the periods of both together are those of one driver.
    const due = observer.samples
      .filter(({ population }) => population === 'fresh')
      .map(({ scheduledUs }) => scheduledUs)
      .sort((a, b) => a - b)
    const errorUs = Math.max(...drivers.map(each => each.errorUs ?? Infinity))
    for (const [index, dueUs] of due.slice(1).entries())
      expect(Math.abs(dueUs - (due[index] ?? 0) - 1e6 / 60)).toBeLessThanOrEqual(2 * errorUs + 1000)
  },
  limitMs,
)

test(
  'what was told while nobody was connected is told again: nothing is lost, nothing comes twice',
  async () => {
    const observer = collector()
    const load = await start('aaaa0002', observer)
    for (const atLeast of [50, 150, 250]) {
      await until(() => observer.samples.length > atLeast)
      lab.proxy.cut()
    }
    await until(() => observer.samples.length > 400)
    load.stop()
    lab.proxy.cut()
    const { totals, end } = await load.ended
    expect(end.stderr).toBe('')
    sentOf('aaaa0002', observer)
    expect(totals?.scheduled).toBe(observer.samples.length)
    for (const { reconnects, lostLines } of load.record?.().drivers ?? []) {
      expect(reconnects).toBeGreaterThanOrEqual(3)
      expect(lostLines).toBe(0)
    }
  },
  limitMs,
)

test(
  'a driver that dies takes the load with it, by name, and the others end',
  async () => {
    const observer = collector()
    const load = await start('aaaa0003', observer)
    await until(() => observer.samples.length > 100)
    const [victim] = await loadPods('aaaa0003')
    const name = present(victim, 'a driver').metadata.name
    await lab.mutations.remove(`/api/v1/namespaces/${namespace}/pods/${name}`, { gracePeriodSeconds: 1 })
    const { totals, end } = await load.ended
    expect(totals).toBeNull()
    expect(end.exitCode).toBe(3)
    expect(end.stderr).toContain(`driver ${name}: `)
    while ((await loadPods('aaaa0003')).length > 0) await sleep(systemClock, 100)
  },
  limitMs,
)

test(
  'a load that is killed leaves no pod behind, however often',
  async () => {
    const observer = collector()
    const load = await start('aaaa0004', observer)
    await until(() => observer.samples.length > 10)
    await Promise.all([load.kill(), load.kill()])
    while ((await loadPods('aaaa0004')).length > 0) await sleep(systemClock, 100)
    expect((await load.ended).totals).toBeNull()
  },
  limitMs,
)
