/**
 * Layouts of the same rows, from the widest down; the first that fits is taken. `wide`: a run is one line. `compact`:
 * names and verdicts stand in two lines. `banded`: a line of names over a line of figures, for 80 columns. `stacked`: a
 * block per run, for anything narrower. Widths come from the content, so nothing is ever cut off.
 */
import type { Screen, Style } from './screen.ts'
import { columnNames, shownColumns } from './table-row.ts'
import type { Cell, CellLine, ColumnName, Note, TableRow } from './table-row.ts'
import { lengthOf, wrapBehind } from './wrap.ts'

type Cells = Record<ColumnName, Cell>
/** A place in a line of the table; the cells named are put one above the other. */
type Slot = readonly ColumnName[]
type Band = readonly Slot[]

const names: Band = [['configuration'], ['disruption'], ['verdict'], ['declared']]
const pairedNames: Band = [
  ['configuration', 'disruption'],
  ['verdict', 'declared'],
]
const figures: Band = [
  ['sent'],
  ['fresh'],
  ['reused'],
  ['slow'],
  ['idle'],
  ['upload'],
  ['stream'],
  ['pods'],
  ['outage'],
]

const wide: readonly Band[] = [[...names, ...figures]]
const compact: readonly Band[] = [[...pairedNames, ...figures]]
const banded: readonly Band[] = [names, figures]

const rightAligned: ReadonlySet<ColumnName> = new Set(['sent', 'pods', 'outage'])
const gap = '  '

export function layOut(rows: readonly TableRow[], screen: Screen): string[] {
  const all = [header, ...rows.map(row => row.cells)]
  const shown = shownColumns(rows)
  const shownBand = (band: Band): Band => band.filter(slot => slot.some(column => shown.has(column)))
  const layouts = [wide, compact, banded].map(layout => layout.map(shownBand))
  const bands = layouts.find(layout => tableWidth(layout, all) <= screen.width)
  return bands === undefined
    ? stacked(rows, shownBand(figures).flat(), screen)
    : tabular(rows, bands, all, screen)
}

const header = Object.fromEntries(
  columnNames.map((column): [ColumnName, Cell] => [column, [{ text: column, style: 'faint' }]]),
) as Cells

const slotLines = (slot: Slot, cells: Cells): CellLine[] => slot.flatMap(column => cells[column])

const slotWidth = (slot: Slot, all: readonly Cells[]): number =>
  Math.max(...all.flatMap(cells => slotLines(slot, cells)).map(line => lengthOf(line.text)))

/** The second band is set in, so that the eye finds the names. */
const indentOf = (bandIndex: number): string => (bandIndex === 0 ? '' : gap)

function tableWidth(bands: readonly Band[], all: readonly Cells[]): number {
  const bandWidth = (band: Band): number =>
    band.reduce((sum, slot) => sum + slotWidth(slot, all), gap.length * (band.length - 1))
  return Math.max(...bands.map((band, index) => indentOf(index).length + bandWidth(band)))
}

function tabular(
  rows: readonly TableRow[],
  bands: readonly Band[],
  all: readonly Cells[],
  screen: Screen,
): string[] {
  const measured = bands.map(band => band.map(slot => ({ slot, width: slotWidth(slot, all) })))
  const render = (cells: Cells): string[] =>
    measured.flatMap((band, index) => bandLines(band, cells, screen).map(line => indentOf(index) + line))
  const rule = screen.paint('faint', screen.glyphs.rule.repeat(tableWidth(bands, all)))
  const blocks = rows.map(row => [...render(row.cells), ...noteLines(row.notes, screen)])
  return [...render(header), rule, ...spaced(blocks)]
}

function bandLines(band: readonly { slot: Slot; width: number }[], cells: Cells, screen: Screen): string[] {
  const height = Math.max(...band.map(({ slot }) => slotLines(slot, cells).length))
  return Array.from({ length: height }, (_, at) =>
    band
      .map(({ slot, width }) => {
        const line = slotLines(slot, cells)[at] ?? { text: '', style: 'plain' }
        const room = ' '.repeat(width - lengthOf(line.text))
        const text = screen.paint(line.style, line.text)
        return slot.every(column => rightAligned.has(column)) ? room + text : text + room
      })
      .join(gap)
      .trimEnd(),
  )
}

/** Single lines stand close together; anything taller gets air. */
function spaced(blocks: readonly (readonly string[])[]): string[] {
  return blocks.flatMap((block, index) => {
    const above = blocks[index - 1]
    return above !== undefined && (above.length > 1 || block.length > 1) ? ['', ...block] : block
  })
}

function stacked(rows: readonly TableRow[], columns: readonly ColumnName[], screen: Screen): string[] {
  const paint = (line: CellLine): string => screen.paint(line.style, line.text)
  const labelWidth = Math.max(...columns.map(column => column.length)) + gap.length
  const figureLines = (column: ColumnName, cells: Cells): string[] =>
    cells[column].map((line, index) => {
      const label = screen.paint('faint', (index === 0 ? column : '').padEnd(labelWidth))
      return gap + label + paint(line)
    })
  const blocks = rows.map(({ cells, notes }) => [
    ...cells.configuration.map(paint),
    ...[...cells.disruption, ...cells.verdict, ...cells.declared].map(line => gap + paint(line)),
    ...columns.flatMap(column => figureLines(column, cells)),
    ...noteLines(notes, screen),
  ])
  return spaced(blocks)
}

const noteStyles: Record<Note['mark'], Style> = { why: 'faint', found: 'unsure', remedy: 'strong' }

function noteLines(notes: readonly Note[], screen: Screen): string[] {
  return notes.flatMap(({ mark, text }) => {
    const glyph = screen.glyphs[mark]
    const [first = '', ...more] = wrapBehind(`${gap}${glyph} `, text, screen.textWidth)
    return [gap + screen.paint(noteStyles[mark], glyph) + first.slice(gap.length + glyph.length), ...more]
  })
}
