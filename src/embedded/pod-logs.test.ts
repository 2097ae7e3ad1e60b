import { appendFileSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { lookPeriodMs, PodLogs } from './pod-logs.ts'

let folder: string
let clock: FakeClock
let logs: PodLogs
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollproof-logs-'))
  clock = new FakeClock()
  logs = new PodLogs(folder, clock)
})
afterEach(() => rmSync(folder, { recursive: true }))

function open(restartCount = 0): { file: string; onExit: () => void } {
  return logs.open({
    podUid: 'uid',
    namespace: 'default',
    pod: 'web',
    name: 'app',
    restartCount,
    argv: [],
    env: {},
    cwd: folder,
    executable: command => command,
  })
}

function write(file: string, text: string, atSeconds: number): void {
  appendFileSync(file, text)
  utimesSync(file, atSeconds, atSeconds)
}

const atSeconds = (offset: number, previous = false): number =>
  (logs.locate('default', 'web', 'app', previous)?.times.atUs(offset) ?? -1) / 1e6

it('notes the times of what a container writes, period by period, until it has ended', () => {
  const { file, onExit } = open()
  write(file, 'one\n', 1)
  clock.advance(lookPeriodMs)
  write(file, 'two\n', 2)
  clock.advance(lookPeriodMs)
  write(file, 'three\n', 3)
  onExit()
  expect([0, 4, 8].map(offset => atSeconds(offset))).toEqual([1, 2, 3])
})

it('looks again when another container starts, and tells instances apart', () => {
  const first = open()
  write(first.file, 'one\n', 1)
  first.onExit()
  clock.advance(10 * lookPeriodMs)
  const second = open(1)
  write(second.file, 'two\n', 2)
  clock.advance(lookPeriodMs)
  expect([atSeconds(0, true), atSeconds(0)]).toEqual([1, 2])
  logs.stop()
  write(second.file, 'three\n', 3)
  clock.advance(lookPeriodMs)
  expect(atSeconds(4)).toBe(0)
})
