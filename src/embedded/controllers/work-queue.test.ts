import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testing/fake-clock.ts'
import { SyncPostponed, WorkQueue } from './work-queue.ts'

function makeQueue(
  failing: () => boolean,
  firstBackoffMs = 5,
): { clock: FakeClock; queue: WorkQueue; runs: number[] } {
  const clock = new FakeClock(0)
  const runs: number[] = []
  const sync = (): void => {
    runs.push(clock.nowUs() / 1000)
    if (failing()) throw new SyncPostponed('not yet')
  }
  return { clock, queue: new WorkQueue({ clock, hopMs: () => 3, sync, firstBackoffMs }), runs }
}

describe('the work queue', () => {
  it('syncs a key one hop after its first change, once for all changes until then', () => {
    const { clock, queue, runs } = makeQueue(() => false)
    queue.add('a')
    clock.advance(2)
    queue.add('a')
    clock.advance(10)
    queue.add('a')
    clock.advance(10)
    expect(runs).toEqual([3, 15])
  })

  it('backs off 5 ms, 10 ms, 20 ms, … and gives up after fifteen tries', () => {
    const { clock, queue, runs } = makeQueue(() => true)
    queue.add('a')
    clock.advance(1_000_000)
    expect(runs.slice(0, 4)).toEqual([3, 11, 24, 47])
    expect(runs.length).toBe(16)
  })

  it('lets a new change overtake a back-off', () => {
    let failing = true
    const { clock, queue, runs } = makeQueue(() => failing, 1000)
    queue.add('a')
    clock.advance(100)
    failing = false
    queue.add('a')
    clock.advance(100)
    expect(runs).toEqual([3, 103])
  })

  it('keeps the earliest of several delays', () => {
    const { clock, queue, runs } = makeQueue(() => false)
    queue.addAfter('a', 50)
    queue.addAfter('a', 20)
    queue.addAfter('a', 90)
    clock.advance(200)
    expect(runs).toEqual([23])
  })

  it('lets a fault of the program through', () => {
    const clock = new FakeClock(0)
    const sync = (): void => {
      throw new TypeError('a fault')
    }
    new WorkQueue({ clock, hopMs: () => 1, sync }).add('a')
    expect(() => clock.advance(5)).toThrow(TypeError)
  })
})
