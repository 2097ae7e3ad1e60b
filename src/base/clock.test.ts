import { describe, expect, it } from 'vitest'
import { originMs, type WallReading } from './clock.ts'

/** Readings of a process whose monotonic clock began at `trueMs`, one each `stepMs`, each taking `tookMs`. */
function readingsOf(trueMs: number, stepMs: number, tookMs = 0.01): WallReading[] {
  return Array.from({ length: 10 }, (_, index) => {
    const beforeMs = 40 + index * stepMs
    return { beforeMs, wallMs: Math.floor(trueMs + beforeMs + tookMs / 2), afterMs: beforeMs + tookMs }
  })
}

describe('the origin of the clock', () => {
  const trueMs = 1_700_000_000_000.25

  it('is what Node says, where that agrees with the wall clock', () => {
    expect(originMs(trueMs, readingsOf(trueMs, 0.02))).toBe(trueMs)
  })

  it.each([30, -30, 2])('is corrected to the millisecond where Node is off by %i ms', offMs => {
    expect(Math.abs(originMs(trueMs + offMs, readingsOf(trueMs, 0.02)) - trueMs)).toBeLessThanOrEqual(1)
  })

  it('is corrected though the process was held up within a reading', () => {
    const readings = [...readingsOf(trueMs, 0.02), ...readingsOf(trueMs, 40, 25)]
    expect(Math.abs(originMs(trueMs - 30, readings) - trueMs)).toBeLessThanOrEqual(1)
  })
})
