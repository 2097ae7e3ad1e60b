import { appendFileSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LogTimes } from './log-times.ts'

let folder: string
let file: string
let times: LogTimes
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollproof-times-'))
  file = join(folder, 'log')
  times = new LogTimes(file)
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(text: string, atSeconds: number): number {
  appendFileSync(file, text)
  utimesSync(file, atSeconds, atSeconds)
  return times.look()
}

it('gives all that came between two looks the time of the last change', () => {
  expect(times.look()).toBe(0)
  expect([write('one\n', 1), write('two\nthree\n', 2), times.look(), write('four\n', 5)]).toEqual([
    4, 14, 14, 19,
  ])
  expect([0, 3, 4, 13, 14, 18].map(offset => times.atUs(offset) / 1e6)).toEqual([1, 1, 2, 2, 5, 5])
})

it('knows up to where all is older than an instant', () => {
  expect(times.offsetAt(0)).toBe(0)
  write('one\n', 1)
  write('two\nthree\n', 2)
  expect([0.5, 1, 1.5, 2, 2.5].map(seconds => times.offsetAt(seconds * 1e6))).toEqual([0, 0, 4, 4, 14])
})

it('keeps the order when the clock is set back', () => {
  write('one\n', 10)
  write('two\n', 5)
  expect(times.atUs(4)).toBe(10e6)
})

it('forgets every second look of a past that is too long, and is late then, never early', () => {
  times = new LogTimes(file, 4)
  for (let second = 1; second <= 6; second++) write('x', second)
  expect([0, 1, 2, 3, 4, 5].map(offset => times.atUs(offset) / 1e6)).toEqual([1, 3, 3, 5, 5, 6])
})
