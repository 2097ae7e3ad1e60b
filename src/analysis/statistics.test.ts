import { describe, expect, it } from 'vitest'
import { hastyEnding } from '../testing/pod-life.ts'
import { recording } from '../testing/recording-builder.ts'
import { analyze } from './analyze.ts'
import { upperBound, visibleWindowMs } from './statistics.ts'

describe('the upper bound on the failing share', () => {
  it.each([
    // the figures that everyone can look up: 1 − 0.05^(1/n)
    [0, 3, 0.632],
    [0, 15, 0.181],
    [0, 30, 0.095],
    [0, 59, 0.05],
    // Clopper–Pearson tables, one-sided 95 %
    [1, 10, 0.394],
    [2, 10, 0.507],
    [1, 3, 0.865],
    [3, 3, 1],
  ])('%i failing of %i terminations: at most %f', (failing, n, bound) => {
    expect(upperBound(failing, n)).toBeCloseTo(bound, 3)
  })

  it('says nothing without a termination', () => {
    expect(upperBound(0, 0)).toBeNull()
  })
})

describe('the visible window', () => {
  it('is what 200 requests a second over 3 pods hit with 95 % probability', () => {
    expect(visibleWindowMs(200, 3)).toBeCloseTo(44.9, 1)
  })

  it('says nothing without a fresh request', () => {
    expect(visibleWindowMs(0, 3)).toBeNull()
  })
})

describe('the unit of statistics', () => {
  it('is the termination: three of them, however many requests went well', () => {
    const { statistics } = analyze(recording().build())
    expect(statistics).toMatchObject({ terminations: 3, failingTerminations: 0 })
    expect(statistics.failingShareUpperBound).toBeCloseTo(0.632, 3)
    expect(statistics.visibleWindowMs).toBeCloseTo(449.4, 0)
  })

  it('counts many failures of one pod once', () => {
    const built = recording().ends('web-a', hastyEnding(4000))
    for (const atMs of [4100, 4150, 4190])
      built.fails({ atMs, endedMs: atMs + 1, code: 'refused', phase: 'connect', pod: 'web-a' })
    const { statistics, terminations } = analyze(built.build())
    expect(statistics).toMatchObject({ terminations: 3, failingTerminations: 1 })
    expect(terminations.map(({ pod, failures }) => [pod, failures])).toEqual([
      ['web-a', 3],
      ['web-b', 0],
      ['web-c', 0],
    ])
  })

  it('counts a failure of a replacement for the termination beside it', () => {
    const built = recording().pod('web-e', { readyMs: 4800, routedMs: 4850, listeningMs: 5400 })
    built.fails({ atMs: 5000, endedMs: 5001, code: 'refused', phase: 'connect', pod: 'web-e' })
    expect(analyze(built.build()).statistics).toMatchObject({ failingTerminations: 1 })
  })
})
