/**
 * Live progress as text: compact lines for a terminal that redraws them, and single lines for a pipe, one per change of
 * phase. Pure: the caller measures time and writes.
 */
import { counted, duration, figure } from './words.ts'
import { lengthOf, truncate } from './wrap.ts'

export interface ExperimentProgress {
  /** `<scenario>.<disruption>` */
  name: string
  phase: string
  elapsedMs: number
  /** How long the whole run should take; null when unknown. */
  expectedMs: number | null
  sent: number
  failed: number
  note: string | null
}

const barCells = 10

/**
 * A line per experiment, none wider than `width`. What matters least gives way first: the note, the bar, what was sent,
 * the time; then the names are shortened.
 */
export function renderProgress(
  states: readonly ExperimentProgress[],
  width: number,
  options: { unicode?: boolean } = {},
): string {
  const unicode = options.unicode ?? true
  const ellipsis = unicode ? '…' : '...'
  const rows = states.map(state => progressParts(state, unicode))
  const widthOf = (name: PartName): number => Math.max(0, ...rows.map(parts => lengthOf(parts[name])))
  const total = (names: readonly PartName[]): number =>
    names.reduce((sum, name) => sum + widthOf(name), gap.length * (names.length - 1))
  const shown = droppable.reduce(
    (left, name) => (total(left) > width ? left.filter(each => each !== name) : left),
    partNames.filter(name => widthOf(name) > 0),
  )
  const nameWidth = Math.max(8, widthOf('name') - Math.max(0, total(shown) - width))
  const line = (parts: Parts): string =>
    shown.map(name => pad(name, parts[name], name === 'name' ? nameWidth : widthOf(name), ellipsis)).join(gap)
  return rows.map(parts => truncate(line(parts).trimEnd(), width, ellipsis)).join('\n')
}

const partNames = ['name', 'phase', 'bar', 'time', 'sent', 'failed', 'note'] as const
type PartName = (typeof partNames)[number]
type Parts = Record<PartName, string>
const rightAligned: ReadonlySet<PartName> = new Set(['time', 'sent', 'failed'])
const droppable: readonly PartName[] = ['note', 'bar', 'sent', 'time']
const gap = '  '

function pad(name: PartName, text: string, width: number, ellipsis: string): string {
  const fitting = truncate(text, width, ellipsis)
  const room = ' '.repeat(width - lengthOf(fitting))
  return rightAligned.has(name) ? room + fitting : fitting + room
}

function progressParts(state: ExperimentProgress, unicode: boolean): Parts {
  const { name, phase, elapsedMs, expectedMs, sent, failed, note } = state
  const [full, empty] = unicode ? ['━', '─'] : ['#', '.']
  // Never full before the end: what takes longer than expected is not done.
  const share = expectedMs === null || expectedMs <= 0 ? 0 : Math.min(elapsedMs / expectedMs, 0.99)
  const filled = Math.floor(share * barCells)
  return {
    name,
    phase,
    bar: full.repeat(filled) + empty.repeat(barCells - filled),
    time:
      expectedMs === null
        ? wholeSeconds(elapsedMs)
        : `${wholeSeconds(elapsedMs)} of ${wholeSeconds(expectedMs)}`,
    sent: `${figure(sent)} sent`,
    failed: `${figure(failed)} failed`,
    note: note ?? '',
  }
}

const wholeSeconds = (ms: number): string => `${figure(Math.round(ms / 1000))} s`

/** A line when the phase (or the note) has changed since `before`, else null. */
export function renderProgressLine(
  before: ExperimentProgress | null,
  now: ExperimentProgress,
): string | null {
  if (before !== null && before.phase === now.phase && before.note === now.note) return null
  const figures = now.sent === 0 ? '' : `, ${counted(now.sent, 'request')} sent, ${figure(now.failed)} failed`
  const note = now.note === null ? '' : `: ${now.note}`
  return `${now.name}: ${now.phase} (at ${duration(now.elapsedMs)}${figures})${note}`
}
