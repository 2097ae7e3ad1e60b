/** A driver whose readers come and go, on a clock that the test turns. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LineSplitter, toLine } from '../base/ndjson.ts'
import type { LoadMessage } from '../model/load.ts'
import type { RemoteCommand, RemoteLine } from '../model/remote-load.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { RemoteDriver } from './remote.ts'
import type { RunParts } from './run.ts'
import { planFor, population } from './testdata/plans.ts'
import { until } from '../testing/turns.ts'

let folder = ''
let socketFile = ''
let clock: FakeClock
const told: { exit: number | null; started: number; aborted: boolean; run: RunParts | null } = {
  exit: null,
  started: 0,
  aborted: false,
  run: null,
}
const sockets: Socket[] = []

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'remote-'))
  socketFile = path.join(folder, 's')
  clock = new FakeClock()
  Object.assign(told, { exit: null, started: 0, aborted: false, run: null })
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  rmSync(folder, { recursive: true, force: true })
})

function startDriver(): RemoteDriver {
  return new RemoteDriver(
    clock,
    (_plan, parts) => {
      told.started += 1
      told.run = parts
      return { stop: () => undefined, abort: () => void (told.aborted = true) }
    },
    code => void (told.exit ??= code),
    socketFile,
  )
}

async function meet(): Promise<{
  lines: RemoteLine[]
  say: (command: RemoteCommand) => void
  socket: Socket
}> {
  const socket = connect(socketFile)
  await once(socket, 'connect')
  sockets.push(socket)
  const lines: RemoteLine[] = []
  const splitter = new LineSplitter(line => lines.push(JSON.parse(line) as RemoteLine))
  socket.setEncoding('utf8').on('data', (text: string) => splitter.push(text))
  socket.on('error', () => socket.destroy())
  return { lines, socket, say: command => void socket.write(toLine(command)) }
}

const plan = planFor(1, [population({})])
const message = (atUs: number): LoadMessage => ({ type: 'started', version: 1, atUs, pid: 1 })
const numbers = (lines: RemoteLine[]): number[] =>
  lines.flatMap(line => (line.type === 'line' ? [line.number] : []))

test('what was not read is told to the next reader, and a plan that comes again changes nothing', async () => {
  startDriver()
  const first = await meet()
  first.say({ type: 'resume', from: 0 })
  first.say({ type: 'plan', plan })
  await until(() => told.run !== null)
  for (let each = 0; each < 5; each++) told.run?.emit(message(each))
  clock.advance(100)
  told.run?.onTurn(clock.nowUs())
  await until(() => first.lines.length === 5)
  first.say({ type: 'read', to: 2 })
  first.socket.destroy()

  const second = await meet()
  second.say({ type: 'resume', from: 3 })
  second.say({ type: 'plan', plan })
  await until(() => second.lines.length === 2)
  expect([numbers(first.lines), numbers(second.lines)]).toEqual([
    [0, 1, 2, 3, 4],
    [3, 4],
  ])
  expect(told.started).toBe(1)
})

test('it ends when its last line was read, and not before', async () => {
  startDriver()
  const reader = await meet()
  reader.say({ type: 'resume', from: 0 })
  reader.say({ type: 'plan', plan })
  await until(() => told.run !== null)
  told.run?.emit(message(1))
  told.run?.onEnded(0)
  await until(() => reader.lines.length === 1)
  expect(told.exit).toBeNull()
  reader.say({ type: 'read', to: 1 })
  await until(() => told.exit !== null)
  expect(told.exit).toBe(0)
})

test('it ends by itself, load and all, a minute after the last word that was spoken to it', async () => {
  startDriver()
  const reader = await meet()
  reader.say({ type: 'resume', from: 0 })
  reader.say({ type: 'plan', plan })
  await until(() => told.run !== null)
  clock.advance(50_000)
  reader.say({ type: 'ping', id: 7 })
  await until(() => reader.lines.length === 1)
  expect(reader.lines).toEqual([{ type: 'pong', id: 7, atUs: clock.nowUs() }])
  clock.advance(59_000)
  expect(told).toMatchObject({ exit: null, aborted: false })
  clock.advance(1000)
  expect(told).toMatchObject({ exit: 1, aborted: true })
})

test('a driver to which nobody ever speaks ends as well', () => {
  startDriver()
  clock.advance(299_000)
  expect(told.exit).toBeNull()
  clock.advance(1000)
  expect(told.exit).toBe(1)
})

test('a wrong plan is refused, with every reason', async () => {
  startDriver()
  const reader = await meet()
  reader.say({ type: 'resume', from: 0 })
  reader.say({ type: 'plan', plan: { ...plan, seed: 0.5, share: { index: 2, count: 2, startAtUs: 0 } } })
  await until(() => told.exit !== null)
  expect(told.exit).toBe(2)
  await until(() => reader.lines.length === 1)
  expect(reader.lines[0]).toEqual({
    type: 'refused',
    problems: ['seed must be an integer', 'share.index must be from 0 to below share.count'],
  })
})

test('when its pod is deleted it stops at once, and waits only for a reader that is there', async () => {
  const driver = startDriver()
  const reader = await meet()
  reader.say({ type: 'resume', from: 0 })
  reader.say({ type: 'plan', plan })
  await until(() => told.run !== null)
  driver.terminate()
  expect(told).toMatchObject({ exit: null, aborted: true })
  clock.advance(4000)
  expect(told.exit).toBe(1)
})
