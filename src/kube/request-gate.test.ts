import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { RequestGate } from './request-gate.ts'

/** When each of the requests, asked for after these pauses, was let through. */
async function passages(pausesMs: readonly number[], perSecond: number): Promise<number[]> {
  const clock = new FakeClock(0)
  const gate = new RequestGate(clock, perSecond)
  const passedUs: number[] = []
  for (const pauseMs of pausesMs) {
    await clock.advanceAsync(pauseMs)
    void gate.pass().then(() => passedUs.push(clock.nowUs()))
  }
  await clock.advanceAsync((1000 * pausesMs.length) / perSecond + 2000)
  return passedUs
}

describe('the gate of requests', () => {
  it('lets what is little through at once', async () => {
    expect(await passages([0, 0, 0], 20)).toEqual([0, 0, 0])
  })

  it('lets no more through in any second than it may, and everybody in the end, in order', async () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(pauses, fc.integer({ min: 1, max: 20 }), async (pausesMs, perSecond) => {
        const passedUs = await passages(pausesMs, perSecond)
        expect(passedUs).toHaveLength(pausesMs.length)
        expect([...passedUs].sort((a, b) => a - b)).toEqual(passedUs)
        passedUs.forEach((atUs, index) => {
          const after = passedUs[index + perSecond]
          if (after !== undefined) expect(after - atUs).toBeGreaterThanOrEqual(1_000_000)
        })
      }),
      { numRuns: 50 },
    )
  })
})
