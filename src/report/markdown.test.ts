import { describe, expect, test } from 'vitest'
import { renderMarkdown } from './markdown.ts'
import { code, prose, table } from './markdown-text.ts'
import { clean, failing, report, tour } from './testdata/analyses.ts'
import { termination } from './testdata/analysis-parts.ts'
import { expectGolden } from './testdata/golden.ts'

describe('renderMarkdown', () => {
  test('looks as drawn', () => {
    expectGolden('report.md.txt', renderMarkdown(tour))
  })

  test('every row of a table has as many cells as its header', () => {
    const hostile = {
      ...failing,
      scenario: 'a|b',
      terminations: [termination('web|`1`', 10, { node: null, terminatingUs: null, killed: true })],
    }
    const cells = (line: string): number => line.split(/(?<!\\)\|/).length
    let header: string | null = null
    for (const line of renderMarkdown(report([hostile])).split('\n')) {
      if (!line.startsWith('|')) header = null
      else if (header === null) header = line
      else expect([line, cells(line)]).toEqual([line, cells(header)])
    }
  })

  test('the storyboard prefers direct evidence over a richer but uncertain one', () => {
    const [first] = failing.attributions
    if (first === undefined) throw new Error('the fixture has attributions')
    const uncertain = {
      ...first,
      seq: 9,
      basis: 'temporal' as const,
      evidence: [...first.evidence, 'and more'],
    }
    const rendered = renderMarkdown(report([{ ...failing, attributions: [uncertain, first] }]))
    expect(rendered).toContain(`Request ${first.seq}, for example`)
  })

  test('how long a pod was routed after it stopped listening is worked out', () => {
    const exposed = termination('web-a1', 1000, { listenerClosedUs: 1_041_000, unroutedUs: 1_640_000 })
    expect(renderMarkdown(report([{ ...clean, terminations: [exposed] }]))).toContain('| **599** |')
  })

  test('only the longest ten outages are listed, and the rest is counted', () => {
    const outages = Array.from({ length: 12 }, (_, index) => ({
      population: 'fresh' as const,
      fromUs: index * 1_000_000,
      toUs: index * 1_000_000 + 500_000,
      durationMs: 500 + index,
      failures: 3,
    }))
    const rendered = renderMarkdown(report([{ ...failing, outages }]))
    expect(rendered).toContain('And 2 shorter ones, in report.json.')
    expect(rendered).toContain('| fresh | 11.00 |')
    expect(rendered).not.toContain('| fresh | 1.00 |')
  })
})

describe('Markdown text', () => {
  test('prose neither becomes HTML, nor a link, nor emphasis; code within it stays as it is', () => {
    expect(prose('<b> & [x](y) *z* `sleep <5>`')).toBe('&lt;b&gt; &amp; \\[x\\](y) \\*z\\* `sleep <5>`')
  })

  test('a lone backtick opens no code', () => {
    expect(prose('a ` b <i>')).toBe('a \\` b &lt;i&gt;')
  })

  test('code that contains backticks gets a longer fence', () => {
    expect(code('a `b` c')).toBe('`` a `b` c ``')
  })

  test('pipes are escaped once', () => {
    expect(table(['x'], [[prose('a|b')], [code('c|d')]]).slice(2)).toEqual(['| a\\|b |', '| `c\\|d` |'])
  })
})
