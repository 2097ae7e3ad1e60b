/** Faults of every kind, mixed by chance over two populations and several connections: the books still agree. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { failureName } from '../model/failure-name.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { startFaultServer } from './testdata/fault-server.ts'
import { requestFaultNames, requestFaults, type RequestFault } from './testdata/faults.ts'
import { planFor, population } from './testdata/plans.ts'
import { play, startDriver } from './testdata/run-driver.ts'

const LIMIT_MS = 3000
const REQUESTS_MS = 150
/** FAULT_SEED=123 plays the faults of an earlier failure again. */
const seed = Number(process.env.FAULT_SEED ?? process.pid * 7919)

const mixture = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<RequestFault>('answer') },
    { weight: 3, arbitrary: fc.constantFrom(...requestFaultNames) },
  ),
  { minLength: 60, maxLength: 60, size: 'max' },
)

test(`a mixture of faults is counted exactly (FAULT_SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(mixture, fc.integer({ min: 1, max: 6 }), async (faults, connections) => {
      const server = await startFaultServer({ onRequest: count => faults[count - 1] ?? 'answer' })
      const clock = new FakeClock()
      const profiles = [
        population({ ratePerSecond: 200 }),
        population({ population: 'reused', ratePerSecond: 200, connections, postShare: 0.3 }),
      ]
      const plan = planFor(server.port, profiles, { maxDurationMs: REQUESTS_MS - 1, limitMs: LIMIT_MS })
      const { ended } = startDriver(plan, { clock })
      await play(clock, REQUESTS_MS, 2.5)
      await play(clock, LIMIT_MS + 200, 200)
      const { samples, totals } = await ended
      await server.close()

      const told = samples.map(({ seq, outcome, firstByteUs }) => [
        `0a1b2c3d-${seq}`,
        failureName(outcome, { answered: firstByteUs !== null, uploading: false }),
      ])
      const done = [...server.account].map(([id, name]) => [id, requestFaults[name].expected])
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(done))
      expect(server.irregular).toEqual([])
      expect(totals).toMatchObject({ scheduled: 60, sent: 60, unresolved: 0 })
      expect(totals.failed).toBe(done.filter(([, name]) => name !== null).length)
    }),
    { numRuns: 25, seed },
  )
})
