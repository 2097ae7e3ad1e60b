/** A recording made by k6: no connections, so some causes may not be named; and what it cannot see is said. */
import { describe, expect, it } from 'vitest'
import { recording, type RecordingBuilder } from '../testing/recording-builder.ts'
import { hastyEnding } from '../testing/pod-life.ts'
import { renderMarkdown } from './markdown.ts'
import { renderTextTable } from './text-table.ts'
import { makeRunReport } from './run-report.ts'
import type { Analysis } from '../analysis/analysis.ts'
import { analyze } from '../analysis/analyze.ts'

/** What k6 would have told of it. */
function byK6(built: RecordingBuilder, { relayed = false } = {}): Analysis {
  return analyze(
    built
      .change(({ manifest, samples }) => {
        manifest.driver = { name: 'k6', version: '1.8.1', script: null, relayed }
        for (const sample of samples) sample.connection = null
      })
      .build(),
  )
}

const hasty = (): RecordingBuilder => recording().ends('web-a', hastyEnding(4000))
const codesOf = ({ findings }: Analysis): string[] => findings.map(({ code }) => code)

describe('a recording by k6', () => {
  it('is as declared when nothing was lost, and says what k6 cannot see', () => {
    const analysis = byK6(recording())
    expect(analysis).toMatchObject({ verdict: 'passed', asDeclared: true, findings: [] })
    expect(analysis.driver.foreign).toMatchObject({ name: 'k6', version: '1.8.1', script: null })
    expect(analysis.driver.foreign?.limits[0]).toMatch(/sent again in silence/)
  })

  it('says nothing of that kind when the driver is our own', () => {
    expect(analyze(recording().build()).driver.foreign).toBeUndefined()
  })

  it('has no idle close of a kept connection: nobody knows which connection it was', () => {
    const race = recording()
      .expects('reused', { failures: 'some', causes: ['idle-connection-reused'] })
      .fails({
        population: 'reused',
        atMs: 5044,
        writtenMs: 5044.1,
        endedMs: 5044.6,
        code: 'closed',
        phase: 'headers',
        pod: 'web-a',
        use: 12,
      })
    const analysis = byK6(race)
    expect(analysis.attributions).toMatchObject([{ cause: 'unexplained', connectionUse: null }])
    expect(codesOf(analysis)).toContain('driver-cannot-tell')
    expect(analysis.findings.filter(({ severity }) => severity === 'not-as-declared')).toEqual([])
    expect(analysis.asDeclared).toBe(false)
  })

  it('names a refused connection by the pods that it can have been led to, and never as proved', () => {
    const refused = { atMs: 4112, endedMs: 4113, code: 'refused', phase: 'connect', pod: null } as const
    const analysis = byK6(hasty().fails(refused))
    expect(analysis.attributions).toMatchObject([
      { cause: 'endpoint-lingered', basis: 'temporal', pod: 'web-a' },
    ])
    expect(analysis.attributions[0]?.evidence.at(-1)).toMatch(/not recorded; web-a fits/)
  })

  it('takes a reset through a relay for the refusal that it was', () => {
    const reset = {
      atMs: 4112,
      writtenMs: 4112,
      endedMs: 4113,
      code: 'reset',
      phase: 'headers',
      pod: null,
    } as const
    expect(byK6(hasty().fails(reset), { relayed: true }).attributions).toMatchObject([
      { cause: 'endpoint-lingered', basis: 'temporal' },
    ])
  })

  it('is not believed when a ledger knows a request twice, and k6 is named', () => {
    const twice = recording().change(({ ledger }) => {
      const first = ledger.find(({ what }) => what === 'arrived')
      if (first !== undefined) ledger.push(first)
    })
    const found = byK6(twice).findings.find(({ code }) => code === 'ledger-unbalanced')
    expect(found?.remedy).toMatch(/k6 itself sends a GET again/)
  })

  it('carries its limits into the table and the report', () => {
    const { provenance } = recording().build().manifest
    const report = makeRunReport({
      runId: 'x',
      startedAt: '2026-11-21T00:00:00.000Z',
      durationMs: 1000,
      analyses: [byK6(recording())],
      notRun: [],
      measuredAgain: [],
      interrupted: null,
      provenance,
    })
    expect(renderTextTable(report, { width: 100, colour: false })).toContain(
      'Limits of this driver (k6 1.8.1)',
    )
    const markdown = renderMarkdown(report)
    expect(markdown).toContain('### Limits of this driver')
    expect(markdown).toContain('sent again in silence')
  })
})
