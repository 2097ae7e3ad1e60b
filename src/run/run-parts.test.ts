import { describe, expect, it } from 'vitest'
import type { DisruptionRecord } from '../model/recording.ts'
import type { Scenario } from '../model/scenario.ts'
import type { Transition } from '../model/transition.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { LiveView } from './live-view.ts'
import { experimentsAtATime, LoadRoom, loadsAtATime, sideBySide, startOrder } from './matrix.ts'
import { afterDisruption } from './settle.ts'

const never = new AbortController().signal
const workload = (change: Partial<Extract<Transition, { kind: 'workload-changed' }>>): Transition => ({
  atUs: 0,
  kind: 'workload-changed',
  workload: 'web',
  generation: 2,
  observedGeneration: 2,
  replicas: 3,
  updated: 3,
  ready: 3,
  available: 3,
  desired: 3,
  ...change,
})

describe('the live view', () => {
  it('calls a rollout complete when `kubectl rollout status` would, and not before', () => {
    const complete = (change: Parameters<typeof workload>[0]): boolean | undefined => {
      const view = new LiveView(new FakeClock(), 'control-plane')
      view.accept(workload(change))
      return view.workloads.get('web')?.complete
    }
    expect(complete({})).toBe(true)
    expect(complete({ observedGeneration: 1 })).toBe(false)
    expect(complete({ updated: 2 })).toBe(false)
    expect(complete({ replicas: 4 })).toBe(false)
    expect(complete({ available: 2 })).toBe(false)
  })

  it('wakes whoever waits when the condition comes true, and gives up at the limit', async () => {
    const clock = new FakeClock()
    const view = new LiveView(clock, 'control-plane')
    const gone = view.until(live => live.gone.includes('web-1'), 1000, never)
    const missed = view.until(live => live.gone.includes('web-2'), 1000, never)
    view.accept({ atUs: 0, kind: 'pod-deleted', pod: 'web-1' })
    expect(await gone).toBe(true)
    clock.advance(1000)
    expect(await missed).toBe(false)
  })

  it('gives up at once when the run is interrupted', async () => {
    expect(
      await new LiveView(new FakeClock(), 'control-plane').until(() => false, 1000, AbortSignal.abort()),
    ).toBe(false)
  })
})

describe('settling', () => {
  const scenario = { workload: 'web', settleTimeoutMs: 5000 } as Scenario
  const rules = (...pods: string[]): Transition => ({
    atUs: 0,
    kind: 'forwarding-changed',
    node: 'control-plane',
    version: 1,
    endpoints: pods.map(pod => ({ pod, address: '127.0.0.1', port: 1 })),
    fallback: false,
  })

  it('waits until the old pods are gone, the workload is whole, and the rules lead to the new pods alone', async () => {
    const clock = new FakeClock()
    const view = new LiveView(clock, 'control-plane')
    const record: DisruptionRecord = {
      disruption: 'rolling-update',
      ending: 'completed',
      targets: ['old'],
      gone: [],
      detail: null,
    }
    const added = { atUs: 0, uid: '', owner: null, node: null, address: null, ready: true }
    view.accept({ ...added, kind: 'pod-added', pod: 'old' })
    view.accept(rules('old', 'b', 'c'))
    let settled = false
    const settling = afterDisruption(record, scenario, view, clock, never).then(() => (settled = true))
    const steps: Transition[] = [workload({}), { atUs: 0, kind: 'pod-deleted', pod: 'old' }, rules('b', 'c')]
    for (const step of steps) {
      view.accept(step)
      await clock.advanceAsync(1)
      expect(settled).toBe(false)
    }
    view.accept(rules('a', 'b', 'c'))
    // The driver hears of the rules by a stream of its own, perhaps later than the witness.
    await clock.advanceAsync(1)
    expect(settled).toBe(false)
    await clock.advanceAsync(1000)
    await settling
    expect(record.ending).toBe('completed')
  })

  it('says so when that does not come about in time', async () => {
    const clock = new FakeClock()
    const view = new LiveView(clock, 'control-plane')
    const record: DisruptionRecord = {
      disruption: 'drain',
      ending: 'completed',
      targets: [],
      gone: [],
      detail: null,
    }
    const settling = afterDisruption(record, scenario, view, clock, never)
    await clock.advanceAsync(10_000)
    await settling
    expect(record).toMatchObject({ ending: 'timed-out', detail: 'not settled 5 s after the disruption' })
  })
})

describe('side by side', () => {
  it('never runs more at a time than told, and keeps the order of the outcomes', async () => {
    let running = 0
    let most = 0
    const started: number[] = []
    const outcomes = await sideBySide([3, 9, 1, 7, 5], [9, 7, 5, 3, 1], 2, async item => {
      started.push(item)
      most = Math.max(most, ++running)
      await new Promise(resolve => setImmediate(resolve))
      running -= 1
      return item * 10
    })
    expect(outcomes).toEqual([30, 90, 10, 70, 50])
    expect(started).toEqual([9, 7, 5, 3, 1])
    expect(most).toBe(2)
  })

  it('starts the soonest ready for each slot, then the longest', () => {
    const items = [
      { name: 'long', prepareMs: 8, loadMs: 30 },
      { name: 'short', prepareMs: 3, loadMs: 10 },
      { name: 'middle', prepareMs: 8, loadMs: 20 },
      { name: 'soon', prepareMs: 4, loadMs: 15 },
    ]
    expect(startOrder(items, 2, item => item).map(({ name }) => name)).toEqual([
      'short',
      'soon',
      'long',
      'middle',
    ])
  })

  it('runs one on the smallest machine, and prepares none beside a single one', () => {
    expect([1, 2, 8].map(cores => loadsAtATime(cores))).toEqual([1, 4, 16])
    expect([1, 2, 4].map(experimentsAtATime)).toEqual([1, 5, 7])
  })

  it('gives room to who waits longest, once for each time it is given back, and all of it to a load that needs all', async () => {
    const room = new LoadRoom(2)
    const order: string[] = []
    const enter = async (name: string, requestsPerSecond: number): Promise<() => void> => {
      const giveBack = await room.take(requestsPerSecond)
      order.push(name)
      return giveBack
    }
    const first = await enter('first', 310)
    const second = await enter('second', 310)
    const heavy = enter('heavy', 5000)
    const light = enter('light', 10)
    first()
    first()
    await Promise.resolve()
    expect(order).toEqual(['first', 'second'])
    second()
    const giveBack = await heavy
    expect(order).toEqual(['first', 'second', 'heavy'])
    giveBack()
    await light
    expect(order.at(-1)).toBe('light')
  })

  it('lets a load in only where the machine carries it, and asks until it does', async () => {
    const clock = new FakeClock()
    let freeCores = 0
    const gauge = { freeCores: () => freeCores }
    const room = new LoadRoom(3, { gauge, clock })
    let entered = 0
    const enter = async (): Promise<() => void> => {
      const giveBack = await room.take(310)
      entered += 1
      return giveBack
    }
    const first = await enter()
    freeCores = 0.6
    void enter()
    void enter()
    await clock.advanceAsync(1000)
    // The first has not shown yet what it costs.
    expect(entered).toBe(1)
    await clock.advanceAsync(1000)
    expect(entered).toBe(2)
    freeCores = 0.4
    await clock.advanceAsync(10_000)
    expect(entered).toBe(2)
    freeCores = 0.6
    await clock.advanceAsync(300)
    expect(entered).toBe(3)
    void enter()
    freeCores = 0.2
    first()
    await clock.advanceAsync(1)
    expect(entered).toBe(4)
  })

  it('lets nobody in, not even for another, while the machine has nothing to spare', async () => {
    const clock = new FakeClock()
    let freeCores = 2
    const room = new LoadRoom(2, { gauge: { freeCores: () => freeCores }, clock })
    const first = await room.take(310)
    clock.advance(5000)
    await room.take(310)
    let entered = false
    void room.take(310).then(() => (entered = true))
    freeCores = 0.1
    first()
    await clock.advanceAsync(5000)
    expect(entered).toBe(false)
    freeCores = 0.2
    await clock.advanceAsync(300)
    expect(entered).toBe(true)
  })
})
