import { describe, expect, test } from 'vitest'
import { renderTextTable } from './text-table.ts'
import { analysis, clean, failing, inconclusive, report, tour, undeclared } from './testdata/analyses.ts'
import { summary } from './testdata/analysis-parts.ts'
import { expectGolden } from './testdata/golden.ts'

const plain = { width: 100, colour: false }
const reportPath = 'reports/20260102-030405-abcd/report.md'

describe('renderTextTable', () => {
  test.each([140, 120, 80, 40])('looks as drawn at %d columns', width => {
    expectGolden(`table-${width}.txt`, renderTextTable(tour, { width, colour: false, reportPath }))
  })

  test('looks as drawn in plain ASCII', () => {
    expectGolden(
      'table-80-ascii.txt',
      renderTextTable(tour, { width: 80, colour: false, unicode: false, reportPath }),
    )
  })

  test('no line is wider than the terminal, at any width', () => {
    for (let width = 32; width <= 160; width++) {
      const lines = renderTextTable(tour, { width, colour: false }).split('\n')
      expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(width)
    }
  })

  test('colour adds escape sequences and nothing else', () => {
    for (const width of [140, 120, 80, 40]) {
      const coloured = renderTextTable(tour, { width, colour: true })
      const escape = String.fromCharCode(27)
      expect(coloured).toContain(`${escape}[`)
      const stripped = coloured.replaceAll(new RegExp(`${escape}\\[[0-9;]*m`, 'g'), '')
      expect(stripped).toBe(renderTextTable(tour, { width, colour: false }))
    }
  })

  test('ASCII output has no other character, even where sentences do', () => {
    const rendered = renderTextTable(tour, { width: 80, colour: false, unicode: false })
    expect(rendered.replaceAll(/[\n -~]/g, '')).toBe('')
  })

  test('text of a cluster cannot drive the terminal', () => {
    const hostile = { ...failing, sentence: 'pod \u001b[2Jweb\u202e said\r\n"hello"' }
    const rendered = renderTextTable(report([hostile]), plain)
    expect(rendered).toContain('pod [2Jweb said "hello"')
    expect(rendered.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  test('a population that sent nothing shows a dash, not a zero', () => {
    const quiet = analysis({ populations: [summary('fresh', 10), summary('reused', 0)] })
    const row = renderTextTable(report([quiet]), { ...plain, width: 120 }).split('\n')[2]
    expect(row?.split(/ {2,}/).slice(4)).toEqual(['10', '0', '–', '–', '3', '–'])
  })

  test('requests left open count as lost', () => {
    const open = analysis({ verdict: 'failed', populations: [summary('slow', 10, { unresolved: 2 })] })
    expect(renderTextTable(report([open]), plain)).toContain('2 unresolved')
  })

  test('a finding that the sentence already tells is not repeated, its remedy is', () => {
    const [finding] = inconclusive.findings
    const told = { ...inconclusive, sentence: finding?.message ?? '' }
    const rendered = renderTextTable(report([told]), plain)
    expect(rendered.split('The load driver sent').length).toBe(2)
    expect(rendered).toContain('→ Run fewer experiments')
  })

  test('failures without an explanation are shown beside any other finding', () => {
    expect(renderTextTable(report([undeclared]), plain)).toContain('! 1 failure has no explanation')
  })

  test('a modelled cluster says so, and a real one is not called modelled', () => {
    const real = analysis({ cluster: { ...clean.cluster, kind: 'kind', modelled: false, settings: {} } })
    expect(renderTextTable(report([clean]), plain)).toContain('Modelled: ')
    expect(renderTextTable(report([real]), plain)).not.toMatch(/modelled/i)
    expect(renderTextTable(report([real]), plain)).toContain('Measured on a real cluster (kind)')
  })

  test('without a run it says what was not run, and no table is drawn', () => {
    const nothing = report([], {
      interrupted: 'SIGINT',
      notRun: [{ name: 'naive.drain', why: 'interrupted' }],
    })
    expect(renderTextTable(nothing, plain)).toBe(
      '! Interrupted: SIGINT\n! Not run: naive.drain: interrupted\n\n0 runs in 98.3 s: 0 as declared, 1 not run.\n',
    )
  })
})
