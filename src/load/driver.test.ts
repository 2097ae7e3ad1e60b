import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { failureClass } from '../model/failure-class.ts'
import type { FailureCode, FailurePhase, Population, Sample } from '../model/load.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { startHungListener } from './testdata/hung-listener.ts'
import type { Routes } from './routes.ts'
import { planFor, population } from './testdata/plans.ts'
import { play, runDriver, startDriver } from './testdata/run-driver.ts'
import { turns, until } from '../testing/turns.ts'
import { startScriptedServer, type Fault, type ScriptedServer } from './testdata/scripted-server.ts'

const idOf = ({ seq }: Sample): string => `0a1b2c3d-${seq}`
const failuresOf = (samples: Sample[]): Sample[] => samples.filter(({ outcome }) => outcome.kind === 'failed')

/** What the server received is what the driver says it sent: nothing twice, nothing lost, nothing two at a time. */
function expectBalancedWith(server: ScriptedServer, samples: Sample[]): void {
  const written = samples.filter(({ writtenUs }) => writtenUs !== null).map(idOf)
  expect(server.received.map(({ id }) => id).sort()).toEqual(written.sort())
  expect(server.pipelined).toBe(0)
}

const populations: Population[] = ['fresh', 'reused']
const injected: [Fault, FailurePhase, FailureCode | null, string][] = [
  ['fin-before', 'headers', 'closed', 'closed'],
  ['reset-before', 'headers', 'reset', 'reset'],
  ['fin-in-headers', 'headers', 'closed', 'closed'],
  ['fin-in-body', 'body', 'closed', 'truncated'],
  ['fin-in-chunks', 'body', 'closed', 'truncated'],
  ['reset-in-body', 'body', 'reset', 'truncated'],
  ['unavailable', 'status', 'status-5xx', '5xx'],
  ['wrong-id', 'check', 'mismatch', 'wrong-answer'],
  ['garbage', 'headers', 'malformed', 'wrong-answer'],
]

for (const kind of populations)
  test.each(injected)(
    `on ${kind} connections, each %s is one failure (%s, %s)`,
    async (fault, phase, code, group) => {
      const server = await startScriptedServer(({ count }) => (count % 20 === 0 ? fault : 'answer'))
      const profile = population({
        population: kind,
        ratePerSecond: 800,
        connections: kind === 'fresh' ? 0 : 10,
      })
      const { samples, totals } = await runDriver(planFor(server.port, [profile], { maxDurationMs: 499 }))
      await server.close()

      expect(totals).toEqual({
        scheduled: 400,
        sent: 400,
        skipped: 0,
        succeeded: 380,
        failed: 20,
        unresolved: 0,
      })
      expectBalancedWith(server, samples)
      const struck = server.received.filter(({ count }) => count % 20 === 0).map(({ id }) => id)
      const failures = failuresOf(samples)
      expect(failures.map(idOf).sort()).toEqual(struck.sort())
      for (const { outcome } of failures) {
        expect(outcome).toMatchObject({ phase, code })
        expect(failureClass(outcome)).toBe(group)
      }
    },
  )

test.each<[Fault, FailurePhase]>([
  ['never', 'headers'],
  ['stall-in-body', 'body'],
])(
  'a server that falls silent (%s) is a time-out of phase %s, and delays no other request',
  async (fault, phase) => {
    const clock = new FakeClock()
    const server = await startScriptedServer(({ count }) => (count % 10 === 0 ? fault : 'answer'))
    const profiles = [population({}), population({ population: 'reused', connections: 5 })]
    const plan = planFor(server.port, profiles, { maxDurationMs: 199, limitMs: 3000 })
    const { messages, ended } = startDriver(plan, { clock })
    await play(clock, 200, 1)
    // 160 requests, 16 of them struck; the others have all been answered by now.
    await until(() => messages.filter(({ type }) => type === 'sample').length === 144)
    await turns(20)
    clock.advance(3500)
    const { samples, totals } = await ended
    await server.close()

    expect(totals).toEqual({
      scheduled: 160,
      sent: 160,
      skipped: 0,
      succeeded: 144,
      failed: 16,
      unresolved: 0,
    })
    expectBalancedWith(server, samples)
    const struck = server.received.filter(({ count }) => count % 10 === 0).map(({ id }) => id)
    expect(failuresOf(samples).map(idOf).sort()).toEqual(struck.sort())
    for (const { outcome } of failuresOf(samples)) expect(outcome).toMatchObject({ phase, code: 'timed-out' })
  },
)

test('a closed port refuses every request of every population', async () => {
  const server = await startScriptedServer(() => 'answer')
  await server.close()
  const profiles = [population({}), population({ population: 'reused', connections: 5 })]
  const { samples, totals } = await runDriver(planFor(server.port, profiles, { maxDurationMs: 100 }))

  expect(totals.failed).toBe(totals.scheduled)
  for (const { outcome, writtenUs, connection } of samples) {
    expect(outcome).toMatchObject({ phase: 'connect', code: 'refused', detail: 'connect ECONNREFUSED' })
    expect(writtenUs).toBeNull()
    expect(connection).toMatchObject({ use: 1, remotePort: server.port })
  }
})

test('a full accept queue makes connects hang, and each is a time-out of the connect', async () => {
  const clock = new FakeClock()
  const listener = await startHungListener()
  const plan = planFor(listener.port, [population({ ratePerSecond: 100 })], { maxDurationMs: 99 })
  const { ended } = startDriver(plan, { clock })
  await play(clock, 100, 1)
  clock.advance(8000)
  const { samples } = await ended
  await listener.close()

  expect(samples).toHaveLength(10)
  for (const { outcome, connection } of samples) {
    expect(outcome).toMatchObject({ phase: 'connect', code: 'timed-out' })
    expect(connection?.localPort).toBeGreaterThan(0)
  }
})

test('a driver that was late opens no connection beyond its set for what fell due meanwhile', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'answer')
  const profile = population({ population: 'reused', ratePerSecond: 400, connections: 4 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 795 }), { clock })
  for (let round = 0; round < 8; round++) {
    await play(clock, 70, 1)
    // Twelve requests fall due meanwhile, and all of them are sent.
    clock.standStill(30)
    clock.advance(0)
    await turns(20)
  }
  await play(clock, 10, 1)
  const { samples, totals } = await ended
  await server.close()

  expect(totals).toMatchObject({ scheduled: 319, sent: 319, skipped: 0, succeeded: 319 })
  expect(
    samples.filter(({ scheduledUs, sentUs }) => (sentUs ?? 0) - scheduledUs > 20_000).length,
  ).toBeGreaterThan(20)
  expect(new Set(samples.map(({ connection }) => connection?.id)).size).toBe(4)
  expect(server.connections).toBe(4)
})

test('more may fall due in a turn than there are connections: an answer makes room for the next', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'answer')
  const profile = population({ population: 'reused', ratePerSecond: 10_000, connections: 2, postShare: 0 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 49.95 }), { clock })
  for (let ms = 0; ms < 70; ms++) {
    clock.advance(1)
    // What is sent as soon as an answer has been read is sent without time passing.
    for (let answer = 0; answer < 10; answer++) {
      await turns(10)
      clock.advance(0)
    }
  }
  const { samples, totals } = await ended
  await server.close()

  expect(totals).toMatchObject({ scheduled: 500, sent: 500, succeeded: 500 })
  expectBalancedWith(server, samples)
  expect(server.connections).toBe(2)
  for (const { scheduledUs, sentUs } of samples) expect((sentUs ?? 0) - scheduledUs).toBeLessThanOrEqual(2000)
})

test('what finds all connections busy for longer than a turn waits no more', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'hold')
  const profile = population({ population: 'reused', ratePerSecond: 1000, connections: 2, postShare: 0 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 19.5 }), { clock })
  await play(clock, 30, 1)
  expect(server.received).toHaveLength(20)
  server.release()
  await turns(20)
  clock.advance(10)
  const { samples } = await ended
  await server.close()

  expect(server.connections).toBe(20)
  for (const { scheduledUs, sentUs } of samples) expect((sentUs ?? 0) - scheduledUs).toBeLessThanOrEqual(3000)
})

test('a connection that the server closes while it is idle is opened again, and is no failure', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(({ use }) => (use === 3 ? 'answer-then-fin' : 'answer'))
  const profile = population({ population: 'reused', ratePerSecond: 100, connections: 10 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 995 }), { clock })
  await play(clock, 1010, 10)
  const { samples, totals } = await ended
  await server.close()

  expect(totals).toMatchObject({ scheduled: 100, succeeded: 100 })
  expectBalancedWith(server, samples)
  // Ten connections, ten turns each, three uses to a connection: 3 + 3 + 3 + 1.
  expect(server.connections).toBe(40)
  expect(Math.max(...samples.map(({ connection }) => connection?.use ?? 0))).toBe(3)
})

test.each<Fault>(['answer-close', 'answer-until-close', 'answer-then-noise'])(
  'after %s a connection is not used again',
  async fault => {
    const clock = new FakeClock()
    const server = await startScriptedServer(() => fault)
    const profile = population({ population: 'reused', ratePerSecond: 100, connections: 5, postShare: 0 })
    const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 195 }), { clock })
    await play(clock, 210, 10)
    const { samples, totals } = await ended
    await server.close()
    expect(totals).toMatchObject({ scheduled: 20, succeeded: 20 })
    expect(samples.map(({ connection }) => connection?.use)).toEqual(Array(20).fill(1))
  },
)

test('the connection that has been idle longest is used next', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'answer')
  const profile = population({ population: 'reused', ratePerSecond: 50, connections: 4 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 399 }), { clock })
  await play(clock, 410, 10)
  const { samples } = await ended
  await server.close()

  expect(samples.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => index))
  expect(samples.map(({ connection }) => connection?.id)).toEqual(samples.map(({ seq }) => (seq % 4) + 1))
  expect(samples.map(({ connection }) => connection?.use)).toEqual(
    samples.map(({ seq }) => Math.floor(seq / 4) + 1),
  )
  for (const { connection } of samples) expect(connection?.idleUs === null).toBe(connection?.use === 1)
})

test('a stalled server does not stop the sending: connections are added, and nothing queues', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(({ count }) => (count > 40 ? 'hold' : 'answer'))
  const profile = population({ population: 'reused', ratePerSecond: 400, connections: 4 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 998 }), { clock })
  await play(clock, 600, 1)
  // 600 ms at 400/s and request 0, whether or not anything is answered; the set has four connections.
  expect(server.received).toHaveLength(241)
  expect(server.connections).toBe(201)
  server.release()
  await play(clock, 410, 1)
  const { samples, totals } = await ended
  await server.close()

  expect(totals).toMatchObject({ scheduled: 400, sent: 400, succeeded: 400 })
  expectBalancedWith(server, samples)
  expect(Math.max(...samples.map(({ sentUs, scheduledUs }) => (sentUs ?? 0) - scheduledUs))).toBeLessThan(
    1001,
  )
})

test('slow requests in flight when the server dies are failures', async () => {
  const server = await startScriptedServer(() => 'never')
  const profile = population({ population: 'slow', ratePerSecond: 100, connections: 20, answerMs: 60_000 })
  const { driver, ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 60_000 }))
  await until(() => server.received.length >= 12)
  driver.stop()
  server.kill()
  const { samples, totals } = await ended

  expect(totals.failed).toBe(totals.sent)
  expect(samples.map(({ kind }) => kind)).toEqual(samples.map(() => 'slow'))
  expect(server.received[0]?.line).toBe('GET /slow?ms=60000 HTTP/1.1')
  const read = new Set(server.received.map(({ id }) => id))
  for (const sample of samples.filter(sample => read.has(idOf(sample))))
    expect(sample.outcome).toMatchObject({ phase: 'headers', code: 'closed' })
})

test('a request that finds too many open is skipped and counted', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'never')
  const plan = planFor(server.port, [population({ ratePerSecond: 100 })], { maxInFlight: 5 })
  const { driver, ended } = startDriver(plan, { clock })
  clock.advance(199)
  driver.abort()
  const { samples, totals } = await ended
  await server.close()

  expect(totals).toEqual({ scheduled: 20, sent: 5, skipped: 15, succeeded: 0, failed: 0, unresolved: 5 })
  const skipped = samples.filter(({ outcome }) => outcome.kind === 'skipped')
  expect(skipped.map(({ sentUs, connection }) => [sentUs, connection])).toEqual(Array(15).fill([null, null]))
})

test('a driver that stood still says so, and skips what fell due meanwhile', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'answer')
  let turns = 0
  const { driver, ended } = startDriver(planFor(server.port, [population({ ratePerSecond: 100 })]), {
    clock,
    onTurn: () => {
      turns += 1
      if (turns === 4) clock.advance(300)
    },
  })
  clock.advance(500)
  driver.abort()
  const { stalls, samples, totals } = await ended
  await server.close()

  expect(stalls).toHaveLength(1)
  expect((stalls[0]?.toUs ?? 0) - (stalls[0]?.fromUs ?? 0)).toBeGreaterThan(250_000)
  expect(samples).toHaveLength(51)
  // A request each 10 ms: those of the 300 ms, and not one more or less.
  const skipped = samples.filter(({ outcome }) => outcome.kind === 'skipped')
  expect(skipped.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, index) => index + 4))
  expect(totals).toMatchObject({ scheduled: 51, sent: 21, skipped: 30 })
  for (const { sentUs, scheduledUs } of samples)
    if (sentUs !== null) expect(sentUs - scheduledUs).toBeLessThan(10_000)
})

test('a driver that is held up while it sends accounts for all that it missed as one stall', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'answer')
  let choices = 0
  const routes: Routes = {
    choose() {
      choices += 1
      if (choices === 4) clock.advance(70)
      return { address: '127.0.0.1', port: server.port, roundTripMs: 0 }
    },
  }
  const plan = planFor(server.port, [population({ ratePerSecond: 200 })])
  const { driver, ended } = startDriver(plan, { clock, routes })
  clock.advance(200)
  driver.abort()
  const { stalls, samples } = await ended
  await server.close()

  const skipped = samples.filter(({ outcome }) => outcome.kind === 'skipped')
  expect(skipped.length).toBeGreaterThan(0)
  expect(stalls).toHaveLength(1)
  const [stall] = stalls
  for (const { scheduledUs } of skipped) {
    expect(scheduledUs).toBeGreaterThanOrEqual(stall?.fromUs ?? Infinity)
    expect(scheduledUs).toBeLessThanOrEqual(stall?.toUs ?? 0)
  }
})

test('at an abort, what was due and not yet sent is skipped, and what is open is unresolved', async () => {
  const clock = new FakeClock()
  const listener = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => listener.once('listening', resolve))
  const { port } = listener.address() as AddressInfo
  const { driver, ended } = startDriver(planFor(port, [population({ ratePerSecond: 1000 })]), {
    clock,
    // The driver is held up inside its first turn, and is told to end before it gets to another.
    onTurn: () => {
      if (clock.nowUs() === startUs) clock.advance(100)
    },
  })
  const startedUs = startUs
  driver.abort()
  const { totals, samples } = await ended
  listener.close()
  expect(totals).toEqual({ scheduled: 101, sent: 1, skipped: 100, succeeded: 0, failed: 0, unresolved: 1 })
  expect(samples.every(({ scheduledUs }) => scheduledUs <= startedUs + 100_000)).toBe(true)
})

const startUs = new FakeClock().nowUs()
