import { expect, test } from 'vitest'
import type { LoadPlan, PopulationProfile, TlsTarget } from '../model/load.ts'
import { spawnDriver } from './testdata/driver-process.ts'
import { planFor, population } from './testdata/plans.ts'
import { accountOf } from './testdata/run-driver.ts'
import { startScriptedServer } from './testdata/scripted-server.ts'
import { needsWarmUp } from './warm-up.ts'

const fast = [
  population({ ratePerSecond: 500 }),
  population({ population: 'reused', ratePerSecond: 500, connections: 10 }),
]

test('of a warm-up, the target and the books see nothing', async () => {
  const server = await startScriptedServer(() => 'answer')
  const driver = spawnDriver(planFor(server.port, fast, { maxDurationMs: 199 }))
  expect(await driver.exited).toBe(0)
  await server.close()

  const { totals, samples } = accountOf(driver.messages)
  expect(totals.scheduled).toBe(200)
  expect(samples.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 200 }, (_, seq) => seq),
  )
  expect(server.received).toHaveLength(totals.sent)
})

test.each(['stop', 'SIGTERM'])('a run that is ended (%s) while it warms up sends nothing', async how => {
  const server = await startScriptedServer(() => 'answer')
  const driver = spawnDriver(planFor(server.port, fast, { maxDurationMs: 199 }))
  // Both are read by the loop that has read the plan, and the schedule begins hundreds of milliseconds later.
  if (how === 'stop') driver.send('{"type":"stop"}')
  else driver.child.stdin.end()
  expect(await driver.exited).toBe(0)
  await server.close()

  expect(accountOf(driver.messages).totals).toMatchObject({ scheduled: 0, sent: 0 })
  expect(server.received).toHaveLength(0)
})

const planOf = (
  profile: Partial<PopulationProfile>,
  tls: TlsTarget | null = null,
  share?: LoadPlan['share'],
): LoadPlan => ({
  ...planFor({ kind: 'address', host: '127.0.0.1', port: 1, tls }, [population(profile)]),
  ...(share === undefined ? {} : { share }),
})

test('only a load whose first requests would suffer is warmed up', () => {
  expect(needsWarmUp(planOf({ ratePerSecond: 1000 }))).toBe(true)
  expect(needsWarmUp(planOf({ ratePerSecond: 999 }))).toBe(false)
  expect(needsWarmUp(planOf({ ratePerSecond: 1, pacing: 'closed' }))).toBe(true)
  expect(
    needsWarmUp(
      planOf({
        steps: [
          { ratePerSecond: 10, durationMs: 1 },
          { ratePerSecond: 5000, durationMs: 1 },
        ],
      }),
    ),
  ).toBe(true)
  expect(needsWarmUp(planOf({ ratePerSecond: 1500 }, null, { index: 0, count: 2 }))).toBe(false)
  // Several drivers begin at an instant that was agreed on.
  expect(needsWarmUp(planOf({ ratePerSecond: 5000 }, null, { index: 0, count: 2, startAtUs: 1 }))).toBe(false)
  expect(needsWarmUp(planOf({ ratePerSecond: 5000, protocol: 'http/2' }))).toBe(false)
  expect(needsWarmUp(planOf({ ratePerSecond: 5000 }, { servername: 'web', verify: false }))).toBe(false)
})
