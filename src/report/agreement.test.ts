import { describe, expect, it } from 'vitest'
import type { Analysis } from '../analysis/analysis.ts'
import type { PhaseTimes } from '../analysis/phase-times.ts'
import {
  agreementExitCode,
  concordOf,
  renderAgreement,
  type Agreement,
  type AgreementRow,
  type Side,
} from './agreement.ts'
import { summary } from './testdata/analysis-parts.ts'
import { analysis, clean, failing, inconclusive, undeclared } from './testdata/analyses.ts'

const phaseTimes: PhaseTimes = {
  'deletion → last new connection': [900, 100, 300],
  'SIGTERM → exit': [4000],
  'exit → address gone': [],
  'ready → first request': [12, 14],
}
const side = (of: Analysis, times: Partial<PhaseTimes> = {}): Side => ({
  analysis: of,
  phaseTimes: { ...phaseTimes, ...times },
})
const row = (real: Analysis | null, embedded: Analysis | null): AgreementRow => ({
  name: 'checklist-full.drain',
  real: real && side(real),
  embedded: embedded && side(embedded),
  notRun: real === null ? ['real: not available after 90 s: web'] : [],
})
const agreement = (...rows: AgreementRow[]): Agreement => ({
  runs: [{ madeAt: 'then', command: 'rollproof agreement', rows: 1 }],
  judgedAgainAt: null,
  rows,
})

/** As declared, with a failure that the scenario leaves to chance. */
const lucky = analysis({
  verdict: 'failed',
  populations: [
    summary('fresh', 100),
    summary('reused', 100, { closed: 1 }, { byCause: { 'idle-connection-reused': 1 } }),
    summary('slow', 10),
  ],
})

describe('a row agrees', () => {
  it('when verdicts and causes are the same, however many requests failed', () => {
    expect(concordOf(row(clean, clean))).toBe('same')
    expect(concordOf(row(failing, { ...failing, failuresByClass: { refused: 999 } }))).toBe('same')
  })

  it('when both are as declared and the scenario leaves the rest to chance', () => {
    expect(concordOf(row(lucky, clean))).toBe('within-chance')
  })
})

describe('a row does not agree', () => {
  it('when one is as declared and the other is not', () => {
    expect(concordOf(row(clean, undeclared))).toBe('differs')
  })

  it('when both are not as declared, each in its own way', () => {
    expect(concordOf(row(undeclared, { ...undeclared, verdict: 'passed' }))).toBe('differs')
  })
})

describe('a row says nothing', () => {
  it('when one of both is inconclusive, or was not run', () => {
    expect(concordOf(row(inconclusive, clean))).toBe('unmeasured')
    expect(concordOf(row(null, clean))).toBe('unmeasured')
  })
})

describe('the whole', () => {
  it('exits by its worst row, and never passes for want of rows', () => {
    expect(agreementExitCode(agreement(row(clean, clean), row(lucky, clean)))).toBe(0)
    expect(agreementExitCode(agreement(row(clean, clean), row(inconclusive, clean)))).toBe(3)
    expect(agreementExitCode(agreement(row(clean, undeclared), row(inconclusive, clean)))).toBe(1)
    expect(agreementExitCode(agreement())).toBe(3)
  })

  it('shows both sides of what differs, medians, and why a row says nothing', () => {
    const text = renderAgreement(agreement(row(lucky, clean), row(null, clean), row(clean, undeclared)))
    expect(text).toContain('1 of 3 rows agree.')
    expect(text).toContain('| checklist-full.drain | yes; chance decides | dropped / no drops |')
    expect(text).toContain('| checklist-full.drain | **no** |')
    expect(text).toContain('| checklist-full.drain | 300 | 4,000 | – | 12 |')
    expect(text).toContain('- checklist-full.drain: real: not available after 90 s: web')
    expect(text).toMatch(/- checklist-full\.drain, embedded: /)
  })
})
