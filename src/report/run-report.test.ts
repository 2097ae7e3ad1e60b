import { describe, expect, test } from 'vitest'
import { makeRunReport } from './run-report.ts'
import type { RunReportParts } from './run-report.ts'
import type { Analysis } from '../analysis/analysis.ts'
import type { Cause } from '../model/cause.ts'
import { blocked, clean, failing, inconclusive, undeclared } from './testdata/analyses.ts'
import { provenance } from './testdata/analysis-parts.ts'

function merged(analyses: Analysis[], more: Partial<RunReportParts> = {}): [string, boolean, number] {
  const parts = {
    runId: 'r',
    startedAt: '2026-01-02T03:04:05Z',
    durationMs: 1,
    notRun: [],
    measuredAgain: [],
    interrupted: null,
  }
  const { verdict, asDeclared, exitCode } = makeRunReport({ ...parts, analyses, provenance, ...more })
  return [verdict, asDeclared, exitCode]
}

describe('makeRunReport', () => {
  test('drops that are declared leave exit code 0 and the verdict failed', () => {
    expect(merged([clean, failing, blocked])).toEqual(['failed', true, 0])
  })

  test('a measured difference wins over an inconclusive run', () => {
    expect(merged([inconclusive, undeclared, clean])).toEqual(['failed', false, 1])
  })

  test('a run that passed although it was declared to end otherwise exits 1', () => {
    expect(merged([{ ...clean, asDeclared: false }])).toEqual(['passed', false, 1])
  })

  test('an inconclusive run makes the whole inconclusive, never green', () => {
    expect(merged([clean, inconclusive])).toEqual(['inconclusive', false, 3])
  })

  test('nothing passes vacuously: no run, a run not made, or an interruption exits 3', () => {
    expect(merged([])).toEqual(['inconclusive', false, 3])
    expect(merged([clean], { notRun: [{ name: 'x.drain', why: 'no time left' }] })).toEqual([
      'inconclusive',
      false,
      3,
    ])
    expect(merged([clean], { interrupted: 'SIGINT' })).toEqual(['inconclusive', false, 3])
  })

  test('failures in a run whose measurement is in doubt are no measured difference', () => {
    const doubtful: Analysis = { ...failing, asDeclared: false, findings: inconclusive.findings }
    expect(merged([clean, doubtful])).toEqual(['failed', false, 3])
  })

  test('failures of the harness itself could not measure, unexplained ones differ', () => {
    const [cause] = failing.causes
    if (cause === undefined) throw new Error('the fixture has causes')
    const lostTo = (...causes: Cause[]): Analysis => ({
      ...failing,
      asDeclared: false,
      causes: causes.map(each => ({ ...cause, cause: each })),
    })
    expect(merged([lostTo('endpoint-lingered', 'harness')])).toEqual(['failed', false, 3])
    expect(merged([lostTo('harness', 'unexplained')])).toEqual(['failed', false, 1])
  })
})
