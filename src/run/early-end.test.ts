import { expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { reasonOfEarlyEnd } from './early-end.ts'

const end = { exitCode: 3, signal: null, stderr: 'load: the forwarding tables were lost: ECONNRESET\n' }
const ofDriver = 'the load driver ended early: load: the forwarding tables were lost: ECONNRESET'
const never = new Promise<never>(() => undefined)

it('tells the end of the cluster, also when that of the driver was seen first', async () => {
  const clock = new FakeClock()
  const lost = new Promise<never>((_, reject) =>
    clock.after(500, () => reject(new Error('the cluster ended'))),
  )
  const reason = reasonOfEarlyEnd(end, lost, clock, new AbortController().signal)
  clock.advance(999)
  expect(await reason).toBe('the cluster ended')
})

it('tells the end of the driver when the cluster lives on', async () => {
  const clock = new FakeClock()
  const reason = reasonOfEarlyEnd(end, never, clock, new AbortController().signal)
  clock.advance(1000)
  expect(await reason).toBe(ofDriver)
})

it('waits for nothing when the run has been interrupted', async () => {
  expect(await reasonOfEarlyEnd(end, never, new FakeClock(), AbortSignal.abort())).toBe(ofDriver)
})
