/**
 * The tour, as a user runs it. Bad configurations must drop, good ones must not, each for the declared causes: the
 * table below is what the catalogue promises, written down a second time, so that neither the scenarios nor the analysis
 * can change it alone.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { programPath } from './base/package-root.ts'
import type { Analysis } from './analysis/analysis.ts'
import { analyze } from './analysis/analyze.ts'
import type { Cause } from './model/cause.ts'
import type { Population } from './model/load.ts'
import { readRecording } from './recording/reader.ts'
import type { ReportDocument } from './report/json.ts'

const must: Record<string, Partial<Record<Population, Cause | 'chance'>>> = {
  'naive.rolling-update': { fresh: 'endpoint-lingered', slow: 'killed-in-flight' },
  'naive.drain': { fresh: 'chance', slow: 'killed-in-flight' },
  'graceful-only.rolling-update': { fresh: 'endpoint-lingered' },
  'checklist-short.rolling-update': {},
  'checklist-full.rolling-update': {},
  'checklist-full.drain': {},
  'announced-drain.rolling-update': {},
  'announced-drain.drain': {},
  'no-prestop.rolling-update': { fresh: 'endpoint-lingered' },
  'no-readiness.rolling-update': { fresh: 'ready-too-early' },
  'slow-requests.rolling-update': { slow: 'killed-in-flight' },
}

let reports: string
let exitCode: number | null = 0
let report: ReportDocument

beforeAll(async () => {
  reports = mkdtempSync(path.join(os.tmpdir(), 'tour-test-'))
  const args = [programPath('main'), 'run', '--tour', '--reports', reports, '-o', 'json']
  const ended = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: unknown) => error as { stdout: string; code: number },
  )
  exitCode = 'code' in ended ? ended.code : 0
  report = JSON.parse(ended.stdout) as ReportDocument
}, 900_000)
afterAll(() => {
  // What was not as declared can only be understood from its recordings.
  if (exitCode === 0) rmSync(reports, { recursive: true, force: true })
  else console.warn(`the recordings of this tour are kept in ${reports}`)
})

function row(name: string): Analysis {
  const found = report.analyses.find(analysis => analysis.name === name)
  if (found === undefined) throw new Error(`${name} is not in the report`)
  return found
}

describe('the tour', () => {
  it('runs each configuration that it promises', () => {
    expect(report.analyses.map(({ name }) => name).sort()).toEqual(Object.keys(must).sort())
    expect(report.notRun).toEqual([])
  })

  it('finds every configuration as it is declared, and says so with exit code 0', () => {
    // A note says what changes nothing: of a driver that waited for a core and was on time all the same, say.
    const findings = report.analyses.flatMap(({ name, findings: all }) =>
      all.filter(({ severity }) => severity !== 'note').map(({ message }) => `${name}: ${message}`),
    )
    expect(findings).toEqual([])
    expect(exitCode).toBe(0)
  })

  for (const [name, losses] of Object.entries(must)) {
    it(`${name} loses ${
      Object.entries(losses)
        .map(pair => pair.join(' by '))
        .join(', ') || 'nothing that it must not'
    }`, () => {
      const { populations } = row(name)
      for (const { population, byCause } of populations) {
        const cause = losses[population]
        if (cause !== undefined && cause !== 'chance')
          expect(byCause[cause] ?? 0, `${population} by ${cause}`).toBeGreaterThan(0)
      }
      const fresh = populations.find(({ population }) => population === 'fresh')
      if (losses.fresh === undefined) expect(fresh?.failed).toBe(0)
    })
  }

  it('is clean everywhere where the server announces that it closes', () => {
    const clean = ['announced-drain.rolling-update', 'announced-drain.drain'].map(row)
    expect(clean.map(({ requests }) => requests.failed + requests.unresolved)).toEqual([0, 0])
    expect(clean.map(({ verdict }) => verdict)).toEqual(['passed', 'passed'])
  })

  it('explains every failed request: none is the harness’s doing, none is unexplained', () => {
    const unclear = report.analyses.flatMap(({ name, attributions }) =>
      attributions.flatMap(({ cause, seq }) =>
        cause === 'harness' || cause === 'unexplained' ? [`${name} ${seq} ${cause}`] : [],
      ),
    )
    expect(unclear).toEqual([])
  })

  it('balances its books with the servers’ own ledger', () => {
    for (const { ledger, requests } of report.analyses) {
      expect(ledger).toMatchObject({ succeededNotAnswered: 0, arrivedNotSent: 0 })
      // A short stall of the machine is a hole in the load; what is more makes the run inconclusive.
      expect(requests.skipped).toBeLessThan(requests.scheduled / 100)
      expect(requests.scheduled).toBe(requests.sent + requests.skipped)
      expect(requests.sent).toBe(requests.succeeded + requests.failed + requests.unresolved)
    }
  })

  it('reports a modelled cluster as modelled', () => {
    expect(report.analyses.every(({ cluster }) => cluster.modelled)).toBe(true)
  })

  it('gives the same analysis again from the stored recordings', async () => {
    const folder = path.join(reports, report.runId)
    for (const analysis of report.analyses) {
      const again = analyze(await readRecording(path.join(folder, analysis.name)))
      expect(JSON.parse(JSON.stringify(again))).toEqual(analysis)
    }
  })

  it('leaves nothing behind but its report', () => {
    // What a busy machine spoilt is kept apart, and the report names it.
    const aside = report.measuredAgain.length > 0 ? ['superseded'] : []
    expect(readdirSync(path.join(reports, report.runId)).sort()).toEqual(
      [...Object.keys(must), 'report.json', 'report.md', ...aside].sort(),
    )
    const abandoned = readdirSync(os.tmpdir()).filter(name => {
      try {
        const owner = JSON.parse(readFileSync(path.join(os.tmpdir(), name, 'owner.json'), 'utf8')) as {
          pid: number
        }
        process.kill(owner.pid, 0)
        return false
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'ESRCH'
      }
    })
    expect(abandoned).toEqual([])
  })
})
