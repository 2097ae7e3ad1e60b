/** Every fault that a server injects is counted once, under its right name, and nothing else is counted. */
import { expect, test } from 'vitest'
import { failureName } from '../model/failure-name.ts'
import type { LoadTarget, Population, Sample } from '../model/load.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { startFaultServer, type FaultServer } from './testdata/fault-server.ts'
import {
  acceptFaultNames,
  acceptFaults,
  requestFaultNames,
  requestFaults,
  type RequestFault,
} from './testdata/faults.ts'
import { planFor, population } from './testdata/plans.ts'
import { play, startDriver, type DriverAccount } from './testdata/run-driver.ts'
import { turns } from '../testing/turns.ts'

const LIMIT_MS = 3000
const kinds: Population[] = ['fresh', 'reused']

/** A request in 5 ms on a clock of the test's own, until all have ended; the last ones by their time limit. */
async function loadOn(
  port: number,
  kind: Population,
  requests: number,
  secure = false,
): Promise<DriverAccount> {
  const clock = new FakeClock()
  const profile = population({ population: kind, ratePerSecond: 200, connections: kind === 'fresh' ? 0 : 5 })
  const maxDurationMs = requests * 5 - 1
  const tls = secure ? { servername: 'web.default', verify: false } : null
  const target: LoadTarget = { kind: 'address', host: '127.0.0.1', port, tls }
  const { ended } = startDriver(planFor(target, [profile], { maxDurationMs, limitMs: LIMIT_MS }), { clock })
  await play(clock, requests * 5, 5)
  // Whatever hangs has met its limit after this; whatever does not has ended before.
  await play(clock, LIMIT_MS + 500, 500)
  return ended
}

const nameOf = ({ outcome, firstByteUs }: Sample): string | null =>
  failureName(outcome, { answered: firstByteUs !== null, uploading: false })

/** The driver's account of each request, beside the server's. */
function expectEqualBooks(server: FaultServer, { samples, totals }: DriverAccount): void {
  const told = samples.map(sample => [`0a1b2c3d-${sample.seq}`, nameOf(sample)])
  const done = [...server.account].map(([id, name]) => [id, requestFaults[name].expected])
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(done))
  expect(server.irregular).toEqual([])
  const failed = done.filter(([, name]) => name !== null).length
  expect(totals).toEqual({
    scheduled: done.length,
    sent: done.length,
    skipped: 0,
    succeeded: done.length - failed,
    failed,
    unresolved: 0,
  })
}

for (const secure of [false, true])
  for (const kind of kinds)
    test.each(requestFaultNames)(
      `${secure ? 'by TLS, ' : ''}on ${kind} connections, each %s is counted once, and nothing else`,
      async name => {
        const script = { onRequest: (count: number) => (count % 4 === 0 ? name : 'answer') }
        const server = await startFaultServer(script, { tls: secure })
        const account = await loadOn(server.port, kind, 40, secure)
        expectEqualBooks(server, account)
        await server.close()
        const struck = [...server.account.values()].filter(each => each === name)
        expect(struck).toHaveLength(name === 'answer' ? 40 : 10)
      },
    )

for (const kind of kinds)
  test.each(acceptFaultNames)(
    `on ${kind} connections, each %s is counted once, and nothing else`,
    async name => {
      const server = await startFaultServer({
        onRequest: () => 'answer-and-close',
        onAccept: count => (count % 4 === 0 ? name : null),
      })
      const { samples, totals } = await loadOn(server.port, kind, 40)
      await server.close()
      expect(totals).toMatchObject({ scheduled: 40, succeeded: 30, failed: 10 })
      expect(server.accepted).toHaveLength(10)
      expect(server.irregular).toEqual([])
      const names = samples.map(nameOf).filter(each => each !== null)
      expect(names).toEqual(Array<string>(10).fill(acceptFaults[name].expected))
    },
  )

test.each<RequestFault>(['hang', 'hang-mid-body', 'garbage', 'length-too-short'])(
  'after %s the driver leaves no connection behind',
  async name => {
    const server = await startFaultServer({ onRequest: () => name })
    await loadOn(server.port, 'reused', 12)
    await turns(50)
    expect(server.open).toBe(0)
    await server.close()
  },
)
