import { expect, test } from 'vitest'
import type { LoadMessage, Sample } from '../model/load.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { planFor, population } from './testdata/plans.ts'
import { play, runDriver, startDriver } from './testdata/run-driver.ts'
import { turns } from '../testing/turns.ts'
import { startScriptedServer } from './testdata/scripted-server.ts'

const failed = ({ outcome }: Sample): boolean => outcome.kind === 'failed'
const probesIn = (messages: LoadMessage[]) =>
  messages.flatMap(message => (message.type === 'probe' ? [message.probe] : []))

test('closed pacing keeps as many open as it has connections, and sends on as answers come', async () => {
  const server = await startScriptedServer(() => 'answer')
  const profile = population({ population: 'reused', connections: 4, ratePerSecond: 0, pacing: 'closed' })
  const plan = planFor(server.port, [profile], { maxDurationMs: 200, record: 'summary' })
  const { totals, messages, samples } = await runDriver(plan)
  await server.close()

  expect(totals.succeeded).toBe(totals.scheduled)
  expect(totals.scheduled).toBeGreaterThan(40)
  expect(server.received).toHaveLength(totals.sent)
  expect(server.connections).toBe(4)
  expect(samples).toEqual([])
  const summary = messages.find(message => message.type === 'summary')?.summary
  expect(summary?.populations).toMatchObject([{ population: 'reused', totals }])
})

test('closed pacing against a closed port is no tight loop', async () => {
  const server = await startScriptedServer(() => 'answer')
  await server.close()
  const clock = new FakeClock()
  const profile = population({ population: 'fresh', connections: 3, ratePerSecond: 0, pacing: 'closed' })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 95 }), { clock })
  await play(clock, 120, 10)
  const { totals } = await ended
  // Ten turns of three.
  expect(totals.failed).toBe(totals.scheduled)
  expect(totals.scheduled).toBeLessThanOrEqual(33)
})

test('a connection at rest is used once in its rest, and no other takes its turn', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'answer')
  const profile = population({ population: 'idle', ratePerSecond: 10, idleMs: 500, idleJitterMs: 100 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 2995 }), { clock })
  await play(clock, 3010, 10)
  const { samples, totals } = await ended
  await server.close()

  expect(totals.succeeded).toBe(totals.scheduled)
  expect(server.connections).toBe(5)
  const rests = samples.flatMap(({ connection }) => (connection?.idleUs == null ? [] : [connection.idleUs]))
  expect(rests.length).toBe(totals.scheduled - 5)
  for (const restUs of rests) {
    expect(restUs).toBeGreaterThan(380_000)
    expect(restUs).toBeLessThan(620_000)
  }
})

test('an upload sends its body in pieces, and is cut off by a server that goes', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(({ count }) => (count > 3 ? 'fin-before' : 'answer'))
  const profile = population({ population: 'upload', ratePerSecond: 10, connections: 5, uploadMs: 100 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 595 }), { clock })
  await play(clock, 900, 5)
  const { samples, totals } = await ended
  await server.close()

  expect(totals).toMatchObject({ scheduled: 6, succeeded: 3, failed: 3 })
  expect(new Set(samples.map(({ kind }) => kind))).toEqual(new Set(['post']))
  for (const { endedUs, sentUs } of samples)
    expect((endedUs ?? 0) - (sentUs ?? 0)).toBeGreaterThanOrEqual(100_000)
})

test('a server that ends a connection in the middle of an upload fails it in the phase send', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'answer')
  const profile = population({ population: 'upload', ratePerSecond: 10, connections: 5, uploadMs: 1000 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 195 }), { clock })
  await play(clock, 300, 5)
  server.kill()
  await turns(50)
  clock.advance(100)
  await turns(50)
  clock.advance(100)
  const { samples } = await ended

  expect(samples.map(({ outcome }) => outcome)).toMatchObject(
    samples.map(() => ({ kind: 'failed', phase: 'send' })),
  )
  expect(samples).toHaveLength(2)
})

test('a reused connection that fails is followed by one probe, outside the books', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(({ use }) => (use === 3 ? 'fin-before' : 'answer'))
  const profile = population({ population: 'reused', ratePerSecond: 10, connections: 2 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 1195 }), { clock })
  await play(clock, 1300, 10)
  const { samples, totals, messages } = await ended
  await server.close()

  const failures = samples.filter(failed)
  expect(failures.length).toBeGreaterThanOrEqual(3)
  const probes = probesIn(messages)
  expect(probes.map(({ seq }) => seq)).toEqual(failures.map(({ seq }) => seq))
  for (const { outcome, localPort } of probes) {
    expect(outcome).toEqual({ kind: 'succeeded', status: 200 })
    expect(localPort).toBeGreaterThan(0)
  }
  expect(totals.sent).toBe(samples.length)
  expect(server.received).toHaveLength(samples.length)
  expect(server.probes).toEqual(failures.map(({ seq }) => `probe-0a1b2c3d-${seq}`))
})

test('a server that goes is probed no more than twenty times a second', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'answer')
  const profile = population({ population: 'reused', ratePerSecond: 500, connections: 50 })
  const { ended } = startDriver(planFor(server.port, [profile], { maxDurationMs: 1000 }), { clock })
  await play(clock, 300, 2)
  server.kill()
  await play(clock, 800, 2)
  const { messages, samples } = await ended
  const probes = probesIn(messages)
  expect(samples.filter(failed).length).toBeGreaterThan(100)
  // Only a connection that had answered before is followed by a probe; the rest could not be opened.
  expect(probes.length).toBeLessThanOrEqual(2)
  for (const { outcome } of probes)
    expect(outcome).toMatchObject({ kind: 'failed', phase: 'connect', code: 'refused' })
})

test('a driver that stood still names it, and so does one with too many open', async () => {
  const clock = new FakeClock()
  const server = await startScriptedServer(() => 'never')
  const plan = planFor(server.port, [population({ ratePerSecond: 100 })], { maxInFlight: 2 })
  let count = 0
  const { driver, ended } = startDriver(plan, {
    clock,
    onTurn() {
      count += 1
      if (count === 4) clock.advance(200)
    },
  })
  clock.advance(500)
  driver.abort()
  const { messages } = await ended
  await server.close()
  const limits = messages.flatMap(message => (message.type === 'limits' ? [message.limits] : []))
  expect(limits).toHaveLength(1)
  expect(limits[0]?.reached).toEqual(expect.arrayContaining(['stalls', 'open-requests']))
  expect(limits[0]).toMatchObject({ stalls: 1, localPorts: 0, localFiles: 0 })
  expect(limits[0]?.longestStallMs).toBeGreaterThan(150)
  expect(limits[0]?.skippedForTime).toBe(20)
})
