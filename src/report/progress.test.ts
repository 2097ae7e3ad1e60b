import { describe, expect, test } from 'vitest'
import { renderProgress, renderProgressLine } from './progress.ts'
import type { ExperimentProgress } from './progress.ts'

const rolling: ExperimentProgress = {
  name: 'naive.rolling-update',
  phase: 'disruption',
  elapsedMs: 9400,
  expectedMs: 16_000,
  sent: 2310,
  failed: 14,
  note: null,
}
const draining: ExperimentProgress = {
  name: 'checklist-full.drain',
  phase: 'settle',
  elapsedMs: 45_000,
  expectedMs: 31_000,
  sent: 9610,
  failed: 0,
  note: 'waiting for web-a3',
}

describe('renderProgress', () => {
  test('stands in columns, and a run that is overdue is not shown as done', () => {
    expect(renderProgress([rolling, draining], 120).split('\n')).toEqual([
      'naive.rolling-update  disruption  ━━━━━─────   9 s of 16 s  2,310 sent  14 failed',
      'checklist-full.drain  settle      ━━━━━━━━━─  45 s of 31 s  9,610 sent   0 failed  waiting for web-a3',
    ])
  })

  test('gives up what matters least, and keeps the failures to the last', () => {
    expect(renderProgress([rolling, draining], 70).split('\n')).toEqual([
      'naive.rolling-update  disruption   9 s of 16 s  2,310 sent  14 failed',
      'checklist-full.drain  settle      45 s of 31 s  9,610 sent   0 failed',
    ])
    expect(renderProgress([rolling, draining], 36, { unicode: false }).split('\n')).toEqual([
      'naive.roll...  disruption  14 failed',
      'checklist-...  settle       0 failed',
    ])
  })

  test('is never wider than the terminal', () => {
    for (let width = 4; width <= 120; width++) {
      const lines = renderProgress([rolling, draining], width).split('\n')
      expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(width)
    }
  })

  test('nothing under way is nothing shown', () => {
    expect(renderProgress([], 80)).toBe('')
  })
})

describe('renderProgressLine', () => {
  test('speaks when the phase changes, not when only figures do', () => {
    expect(renderProgressLine(null, rolling)).toBe(
      'naive.rolling-update: disruption (at 9.4 s, 2,310 requests sent, 14 failed)',
    )
    expect(renderProgressLine(rolling, { ...rolling, sent: 2400, elapsedMs: 9900 })).toBeNull()
    expect(renderProgressLine(rolling, { ...rolling, phase: 'settle', note: 'two pods left' })).toBe(
      'naive.rolling-update: settle (at 9.4 s, 2,310 requests sent, 14 failed): two pods left',
    )
  })
})
