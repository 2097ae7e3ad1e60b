/**
 * One run as cells of the terminal table, before any layout. A cell is a list of lines. A total stands over its classes
 * (`57 failed`, `14 refused`, `43 timed out`); one class alone is its own total (`21 closed`). A population that sent
 * nothing shows a dash, not a zero: nothing was measured.
 */
import type { Analysis, Finding, PopulationSummary } from '../analysis/analysis.ts'
import type { Population } from '../model/load.ts'
import type { Screen, Style } from './screen.ts'
import { standingOf } from './standing.ts'
import {
  classCounts,
  declarationWords,
  disruptionWords,
  duration,
  figure,
  lostOf,
  probeWords,
  verdictWords,
  words,
} from './words.ts'

export const columnNames = [
  'configuration',
  'disruption',
  'verdict',
  'declared',
  'sent',
  'fresh',
  'reused',
  'slow',
  'idle',
  'upload',
  'stream',
  'pods',
  'outage',
] as const
export type ColumnName = (typeof columnNames)[number]

export interface CellLine {
  text: string
  style: Style
}
export type Cell = CellLine[]

export interface Note {
  mark: 'why' | 'found' | 'remedy'
  text: string
}

/** Columns that a table has only where a run has something to put there. */
const occasional = ['idle', 'upload', 'stream'] as const

/** The columns that these rows need. */
export function shownColumns(rows: readonly TableRow[]): ReadonlySet<ColumnName> {
  const present = new Set(rows.flatMap(row => row.populations))
  const left = occasional.filter(name => !present.has(name))
  return new Set(columnNames.filter(column => !left.some(name => name === column)))
}

export interface TableRow {
  /** Those that the run had. */
  populations: readonly Population[]
  cells: Record<ColumnName, Cell>
  notes: Note[]
}

export function tableRow(analysis: Analysis, screen: Screen): TableRow {
  const population = (name: Population): Cell => populationCell(analysis, name, screen)
  return {
    populations: analysis.populations.map(each => each.population),
    cells: {
      configuration: oneLine('strong', screen.clean(analysis.scenario)),
      disruption: oneLine('plain', disruptionWords(analysis)),
      verdict: oneLine(analysis.verdict === 'failed' ? 'strong' : 'plain', verdictWords[analysis.verdict]),
      declared: declaredCell(analysis, screen),
      sent: oneLine('plain', figure(analysis.requests.sent)),
      fresh: population('fresh'),
      reused: population('reused'),
      slow: population('slow'),
      idle: population('idle'),
      upload: population('upload'),
      stream: population('stream'),
      pods: oneLine('plain', figure(analysis.statistics.terminations)),
      outage:
        analysis.longestOutageMs > 0
          ? oneLine('plain', duration(analysis.longestOutageMs))
          : oneLine('faint', screen.glyphs.none),
    },
    notes: notesOf(analysis).map(note => ({ ...note, text: screen.clean(note.text) })),
  }
}

const oneLine = (style: Style, text: string): Cell => [{ style, text }]

function declaredCell(analysis: Analysis, screen: Screen): Cell {
  const standing = standingOf(analysis)
  const mark = (style: Style, glyph: string): Cell => oneLine(style, `${glyph} ${declarationWords[standing]}`)
  switch (standing) {
    case 'as-declared':
      return mark('good', screen.glyphs.yes)
    case 'differs':
      return mark('bad', screen.glyphs.no)
    case 'unmeasured':
      return mark('unsure', screen.glyphs.unknown)
  }
}

function populationCell(analysis: Analysis, name: Population, screen: Screen): Cell {
  const summary = analysis.populations.find(each => each.population === name)
  if (summary === undefined || summary.sent === 0) return oneLine('faint', screen.glyphs.none)
  const lost = lostOf(summary)
  if (lost === 0) return oneLine('faint', '0')
  const style: Style = standingOf(analysis) === 'differs' ? 'bad' : 'unsure'
  return lossLines(summary).map((text, index) => ({ text, style: index === 0 ? style : 'plain' }))
}

function lossLines(summary: PopulationSummary): string[] {
  const lost = lostOf(summary)
  const parts = classCounts(summary.byClass)
  const digits = Math.max(0, ...parts.map(([, count]) => figure(count).length))
  const lines = parts.map(([name, count]) => `${figure(count).padStart(digits)} ${words(name)}`)
  const [only] = parts
  return parts.length === 1 && only?.[1] === lost
    ? lines
    : [`${figure(lost)} failed`, ...lines.map(line => ` ${line}`)]
}

/**
 * What happened, then what makes the run inconclusive or not as declared, then what to do about it. Only the first such
 * finding is told; the others are named, and told in the report.
 */
function notesOf(analysis: Analysis): Note[] {
  const { sentence, findings, populations } = analysis
  const isTold = (text: string): boolean => bare(sentence ?? '').includes(bare(text))
  const decisive = standingOf(analysis) === 'differs' ? 'not-as-declared' : 'inconclusive'
  const rank = ({ severity }: Finding): number => (severity === decisive ? 0 : 1)
  const [first, ...others] = findings
    .filter(finding => finding.severity !== 'note')
    .sort((a, b) => rank(a) - rank(b))
  // Failures that are the harness's own, or that nobody could explain, are shown whatever else is.
  const always = findings.filter(({ code }) => code === 'harness-failures' || code === 'unexplained-failures')
  const notes: Note[] = []
  if (sentence !== null) notes.push({ mark: 'why', text: sentence })
  for (const summary of populations) {
    const found = probeWords(summary)
    if (found !== null) notes.push({ mark: 'found', text: `${summary.population}: ${found}.` })
  }
  if (first !== undefined && !isTold(first.message)) notes.push({ mark: 'found', text: first.message })
  for (const finding of always) {
    if (finding !== first && !isTold(finding.message)) notes.push({ mark: 'found', text: finding.message })
  }
  if (others.length > 0) {
    notes.push({
      mark: 'found',
      text: `Also: ${others.map(({ code }) => words(code)).join(', ')} (see the report).`,
    })
  }
  if (first !== undefined && !isTold(first.remedy)) notes.push({ mark: 'remedy', text: first.remedy })
  return notes
}

/** As it may stand within another sentence. */
function bare(text: string): string {
  return text.replace(/\.$/, '').toLowerCase()
}
