import { expect, test } from 'vitest'
import type { LoadMessage, LoadTotals } from '../model/load.ts'
import { spawnDriver, type DriverProcess } from './testdata/driver-process.ts'
import { planFor, population } from './testdata/plans.ts'
import { accountOf, type DriverAccount } from './testdata/run-driver.ts'
import { until } from '../testing/turns.ts'
import { startScriptedServer, type ScriptedServer } from './testdata/scripted-server.ts'
import { startTableServer } from './testdata/table-server.ts'

const profiles = [
  population({ ratePerSecond: 200 }),
  population({ population: 'reused', ratePerSecond: 100, connections: 20 }),
]
const long = { maxDurationMs: 60_000 }

/** One sample for each request scheduled, and the totals are what the samples say. */
function expectBalanced({ samples, totals }: DriverAccount): void {
  const seqs = samples.map(({ seq }) => seq).sort((a, b) => a - b)
  expect(seqs).toEqual(Array.from({ length: totals.scheduled }, (_, index) => index))
  const counted = { succeeded: 0, failed: 0, unresolved: 0, skipped: 0 }
  for (const { outcome } of samples) counted[outcome.kind] += 1
  expect(totals).toEqual({ scheduled: samples.length, sent: samples.length - counted.skipped, ...counted })
}

function expectReceivedOnce(server: ScriptedServer, { samples }: DriverAccount): void {
  const written = samples.filter(({ writtenUs }) => writtenUs !== null).map(({ seq }) => `0a1b2c3d-${seq}`)
  expect(server.received.map(({ id }) => id).sort()).toEqual(written.sort())
}

const hasSucceeded =
  (count: number) =>
  (message: LoadMessage): boolean =>
    message.type === 'progress' && message.totals.succeeded >= count

const progressOf = (messages: readonly LoadMessage[]): LoadTotals[] =>
  messages.flatMap(message => (message.type === 'progress' ? [message.totals] : []))

/**
 * Two reports in a row with as many scheduled: a driver that has not seen the stop would have scheduled 60 in between.
 * (That as many are open as are held says less: it may be so before the stop is seen, between two other requests.)
 */
function hasStoppedSending(messages: readonly LoadMessage[]): boolean {
  const scheduled = progressOf(messages).map(totals => totals.scheduled)
  return scheduled.length >= 2 && scheduled.at(-1) === scheduled.at(-2)
}

async function accountAtExit(driver: DriverProcess, code: number): Promise<DriverAccount> {
  expect({ code: await driver.exited, complaint: driver.complaint() }).toMatchObject({ code })
  expect(driver.messages[0]).toMatchObject({ type: 'started', version: 1, pid: driver.child.pid })
  expect(driver.messages.at(-1)?.type).toBe('ended')
  return accountOf(driver.messages)
}

test('a stop lets open requests end, and the books balance with the server', async () => {
  const server = await startScriptedServer(({ count }) => (count > 50 && count <= 60 ? 'hold' : 'answer'))
  const driver = spawnDriver(planFor(server.port, profiles, long))
  await driver.seen(hasSucceeded(100))
  driver.send('{"type":"stop"}')
  driver.child.stdin.end()
  await driver.seen(() => hasStoppedSending(driver.messages))
  const atStop = progressOf(driver.messages).at(-1)?.sent
  server.release()
  const account = await accountAtExit(driver, 0)
  await server.close()

  expectBalanced(account)
  expectReceivedOnce(server, account)
  expect(account.totals.succeeded).toBe(account.totals.sent)
  expect(account.totals.sent).toBe(atStop)
})

test.each(['SIGTERM', 'stdin closed'])('%s ends the run at once, with what is open unresolved', async how => {
  const server = await startScriptedServer(({ count }) => (count % 10 === 0 ? 'never' : 'answer'))
  const driver = spawnDriver(planFor(server.port, profiles, long))
  await driver.seen(hasSucceeded(60))
  if (how === 'SIGTERM') driver.child.kill('SIGTERM')
  else driver.child.stdin.end()
  const account = await accountAtExit(driver, 0)
  await server.close()

  expectBalanced(account)
  expect(account.totals.unresolved).toBeGreaterThanOrEqual(6)
  expect(account.totals.failed).toBe(0)
})

test('the run ends by itself after its longest duration', async () => {
  const server = await startScriptedServer(() => 'answer')
  const driver = spawnDriver(planFor(server.port, [population({})], { maxDurationMs: 249 }))
  const account = await accountAtExit(driver, 0)
  await server.close()
  expectBalanced(account)
  expectReceivedOnce(server, account)
  expect(account.totals).toMatchObject({ scheduled: 100, succeeded: account.totals.sent })
})

test('a server that dies and comes back not at all leaves failures, and the driver goes on', async () => {
  const server = await startScriptedServer(() => 'answer')
  const driver = spawnDriver(planFor(server.port, profiles, long))
  await driver.seen(hasSucceeded(60))
  await server.close()
  await driver.seen(message => message.type === 'progress' && message.totals.failed >= 30)
  driver.send('{"type":"stop"}')
  const account = await accountAtExit(driver, 0)
  expectBalanced(account)
  const refused = account.samples.filter(
    ({ outcome }) => outcome.kind === 'failed' && outcome.code === 'refused',
  )
  expect(new Set(refused.map(sample => sample.population))).toEqual(new Set(['fresh', 'reused']))
})

test.each(['nonsense', '{}', JSON.stringify(planFor(1, []))])('the plan %o ends with code 2', async plan => {
  const driver = spawnDriver(plan)
  expect(await driver.exited).toBe(2)
  expect(driver.complaint()).toContain('load: the plan: ')
  expect(driver.messages).toEqual([])
})

test('a reader that goes away ends the driver quietly', async () => {
  const server = await startScriptedServer(() => 'answer')
  const driver = spawnDriver(planFor(server.port, profiles, long))
  await driver.seen(hasSucceeded(10))
  driver.child.stdout.destroy()
  expect(await driver.exited).toBe(0)
  expect(driver.complaint()).toBe('')
  await server.close()
})

test('connections follow the forwarding table in force, and sending waits for the first', async () => {
  const servers = await Promise.all([1, 2, 3].map(() => startScriptedServer(() => 'answer')))
  const [first, second, third] = servers.map(({ port }) => port) as [number, number, number]
  const tables = await startTableServer()
  const driver = spawnDriver(planFor(tables.target, [population({ ratePerSecond: 200 })], long))
  await until(() => tables.tokens.length === 1)
  expect(tables.tokens).toEqual(['Bearer secret'])
  expect(driver.messages).toEqual([])
  tables.publish([first, second])
  await driver.seen(hasSucceeded(40))
  tables.publish([third])
  await until(() => (servers[2]?.received.length ?? 0) >= 20)
  tables.publish([])
  await driver.seen(message => message.type === 'progress' && message.totals.failed >= 20)
  driver.send('{"type":"stop"}')
  const account = await accountAtExit(driver, 0)
  await Promise.all([...servers.map(server => server.close()), tables.close()])

  expectBalanced(account)
  for (const server of servers) expect(server.received.length).toBeGreaterThan(10)
  const received = servers.reduce((sum, server) => sum + server.received.length, 0)
  expect(account.totals).toMatchObject({ succeeded: received, failed: account.totals.sent - received })
  // The tables take effect in turn: no server is asked again after its table was replaced.
  const bySeq = account.samples.filter(({ sentUs }) => sentUs !== null).sort((a, b) => a.seq - b.seq)
  const ports = bySeq.map(({ connection }) => connection?.remotePort ?? 0)
  expect(ports.lastIndexOf(third)).toBeLessThan(ports.indexOf(0))
  expect(Math.max(ports.lastIndexOf(first), ports.lastIndexOf(second))).toBeLessThan(ports.indexOf(third))
})

test.each(['cut', 'garbled'])('a stream of tables that is %s ends the run with code 3', async how => {
  const server = await startScriptedServer(() => 'answer')
  const tables = await startTableServer()
  tables.publish([server.port])
  const driver = spawnDriver(planFor(tables.target, profiles, long))
  await driver.seen(hasSucceeded(20))
  if (how === 'cut') tables.cut()
  else tables.publishLine('{"services":7}\n')
  const account = await accountAtExit(driver, 3)
  expect(driver.complaint()).toContain('the forwarding tables were lost')
  expectBalanced(account)
  await Promise.all([server.close(), tables.close()])
})

test('a stop ends a run that is still waiting for its first table', async () => {
  const tables = await startTableServer()
  const driver = spawnDriver(planFor(tables.target, profiles, long))
  await until(() => tables.tokens.length === 1)
  driver.send('{"type":"stop"}')
  expect(await driver.exited).toBe(0)
  expect(accountOf(driver.messages).totals.scheduled).toBe(0)
  await tables.close()
})

test('a driver that is stopped for a second makes up for nothing, and says what it did not send', async () => {
  const server = await startScriptedServer(() => 'answer')
  const driver = spawnDriver(planFor(server.port, [population({ ratePerSecond: 200 })], long))
  await driver.seen(hasSucceeded(40))
  driver.child.kill('SIGSTOP')
  await new Promise(resolve => setTimeout(resolve, 1000))
  driver.child.kill('SIGCONT')
  const before = server.received.length
  await until(() => server.received.length >= before + 60)
  driver.send('{"type":"stop"}')
  const account = await accountAtExit(driver, 0)
  await server.close()

  expectBalanced(account)
  expectReceivedOnce(server, account)
  const longest = account.stalls.sort((a, b) => b.toUs - b.fromUs - (a.toUs - a.fromUs))[0]
  const { fromUs = 0, toUs = 0 } = longest ?? {}
  expect(toUs - fromUs).toBeGreaterThan(900_000)
  // All that fell due in it, which is at least the 200 of a second less those of its edges, and nothing of it was sent.
  const due = account.samples.filter(each => each.scheduledUs > fromUs && each.scheduledUs <= toUs)
  expect(due.length).toBeGreaterThan(170)
  for (const { outcome } of due) expect(outcome.kind).toBe('skipped')
  // 20 in a tenth of a second, and those that may be up to 50 ms late.
  const tenths = new Map<number, number>()
  for (const { sentUs } of account.samples)
    if (sentUs !== null) {
      const tenth = Math.floor(sentUs / 100_000)
      tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1)
    }
  expect(Math.max(...tenths.values())).toBeLessThanOrEqual(32)
  const limits = driver.messages.flatMap(message => (message.type === 'limits' ? [message.limits] : []))
  expect(limits.at(-1)?.reached).toContain('stalls')
})

test.each(['samples', 'summary'] as const)(
  'workers share a plan, and their books are one (%s)',
  async record => {
    const server = await startScriptedServer(({ count }) => (count % 20 === 0 ? 'fin-before' : 'answer'))
    const driver = spawnDriver(planFor(server.port, profiles, { maxDurationMs: 600, workers: 3, record }))
    const { samples, totals } = await accountAtExit(driver, 0)
    await server.close()

    // 0.6 s of 300/s; request 0 of each population, and what is due on the last instant.
    expect(totals.scheduled).toBeGreaterThanOrEqual(180)
    expect(totals.scheduled).toBeLessThanOrEqual(183)
    expect(totals.sent + totals.skipped).toBe(totals.scheduled)
    expect(totals.failed).toBe(Math.floor(server.received.length / 20))
    const ids = server.received.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    if (record === 'samples') {
      expect(new Set(samples.map(({ seq }) => seq)).size).toBe(totals.scheduled)
      const connections = samples.flatMap(({ connection }) => (connection?.use === 1 ? [connection.id] : []))
      expect(new Set(connections).size).toBe(connections.length)
      expectReceivedOnce(server, { samples, totals, messages: [], stalls: [] })
    } else {
      const summary = driver.messages.find(message => message.type === 'summary')?.summary
      const counted = summary?.populations.reduce((sum, each) => sum + each.totals.scheduled, 0)
      expect(counted).toBe(totals.scheduled)
      expect(samples.every(({ outcome }) => outcome.kind === 'failed')).toBe(true)
    }
  },
)
