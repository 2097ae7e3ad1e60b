import { expect, test } from 'vitest'
import { sleep, systemClock } from '../base/clock.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { planFor, population } from './testdata/plans.ts'
import { runDriver } from './testdata/run-driver.ts'
import { startScriptedServer } from './testdata/scripted-server.ts'
import { ownPortsRoute } from './routes.ts'
import { SourcePorts } from './source-ports.ts'

test('a port that was answered goes to the end of the line', () => {
  const ports = new SourcePorts(new FakeClock(), 1000, 1002)
  expect([ports.take(), ports.take()]).toEqual([1000, 1001])
  ports.giveBack(1001, true)
  ports.giveBack(1000, true)
  expect([ports.take(), ports.take(), ports.take(), ports.take()]).toEqual([1002, 1001, 1000, undefined])
})

test('a port whose connect was not answered is not given out for longer than conntrack pins it', () => {
  const clock = new FakeClock()
  const ports = new SourcePorts(clock, 1000, 1001)
  expect(ports.take()).toBe(1000)
  ports.giveBack(1000, false)
  expect([ports.take(), ports.take()]).toEqual([1001, undefined])
  clock.advance(121_000)
  expect(ports.take()).toBeUndefined()
  clock.advance(10_000)
  expect(ports.take()).toBe(1000)
})

test('the driver sends from the ports that it is handed, each once while the others wait', async () => {
  const server = await startScriptedServer(() => 'answer')
  const first = 20_000 + (process.pid % 20_000)
  const ports = new SourcePorts(systemClock, first, first + 199)
  const plan = planFor(server.port, [population({ ratePerSecond: 100 })], { maxDurationMs: 500 })
  const { samples } = await runDriver(plan, { routes: ownPortsRoute('127.0.0.1', server.port, ports) })
  const used = samples.flatMap(({ outcome, connection }) =>
    outcome.kind === 'succeeded' ? [connection?.localPort] : [],
  )
  expect(used.length).toBeGreaterThan(10)
  expect(new Set(used).size).toBe(used.length)
  for (const port of used) expect(port).toBeGreaterThanOrEqual(first)
  await server.close()
})

test('a connect that is refused keeps its port back, and one that is answered does not', async () => {
  const server = await startScriptedServer(() => 'answer-close')
  const refusing = await startScriptedServer(() => 'answer')
  await refusing.close()
  const first = 41_000 + (process.pid % 10_000)
  const told: [number, boolean][] = []
  const ports = new SourcePorts(systemClock, first, first + 99)
  const giveBack = ports.giveBack.bind(ports)
  ports.giveBack = (port, answered) => {
    told.push([port, answered])
    giveBack(port, answered)
  }
  for (const port of [server.port, refusing.port]) {
    const plan = planFor(port, [population({ ratePerSecond: 50 })], { maxDurationMs: 100 })
    await runDriver(plan, { routes: ownPortsRoute('127.0.0.1', port, ports) })
  }
  while (told.length < 8) await sleep(systemClock, 10)
  const taken = told.map(([port]) => port)
  expect(new Set(taken).size).toBe(taken.length)
  expect(told.some(([, answered]) => answered)).toBe(true)
  expect(told.some(([, answered]) => !answered)).toBe(true)
  await server.close()
})
