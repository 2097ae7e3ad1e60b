/** The phases of a run, from the harness's marks. A mark that is missing stays null: what needs it says so. */
import type { Mark, MarkName } from '../model/transition.ts'
import { markNames } from '../model/transition.ts'
import { watchUs } from './tolerances.ts'

export interface Span {
  fromUs: number
  toUs: number
}

export interface Phases {
  /** In order of time. */
  marks: Mark[]
  baseline: Span | null
  disruption: Span | null
  settle: Span | null
  coolDown: Span | null
  /** What is judged: from the baseline's begin until the sending stopped. */
  judged: Span
  /** From the disruption's begin until every old pod was gone; null when nothing was disrupted. */
  replacement: Span | null
  /** No request was open any more, or given up. */
  loadEndUs: number
}

/** `firstUs` and `lastUs`: the first and last instant in the recording, for what the marks leave open. */
export function findPhases(marks: readonly Mark[], firstUs: number, lastUs: number): Phases {
  const sorted = [...marks].sort(
    (a, b) =>
      a.beginUs - b.beginUs || markNames.indexOf(a.what) - markNames.indexOf(b.what) || endOf(a) - endOf(b),
  )
  const span = (what: MarkName): Span | null => {
    const mark = sorted.find(each => each.what === what)
    return mark === undefined ? null : { fromUs: mark.beginUs, toUs: mark.endUs ?? lastUs }
  }
  const baseline = span('baseline')
  const disruption = span('disruption')
  const settle = span('settle')
  const coolDown = span('cool-down')
  const drainLoad = span('drain-load')
  return {
    marks: sorted,
    baseline,
    disruption,
    settle,
    coolDown,
    judged: {
      fromUs: baseline?.fromUs ?? span('warm-up')?.toUs ?? firstUs,
      toUs: coolDown?.toUs ?? drainLoad?.fromUs ?? lastUs,
    },
    replacement: disruption && {
      fromUs: disruption.fromUs,
      toUs: Math.max(disruption.toUs, settle?.toUs ?? disruption.toUs),
    },
    loadEndUs: Math.max(drainLoad?.toUs ?? lastUs, coolDown?.toUs ?? 0),
  }
}

/** What a watch tells from then on may belong to the disruption; of a run that was never disrupted, all. */
export function toldSinceDisruptionUs({ disruption }: Phases): number {
  return (disruption?.fromUs ?? 0) - watchUs
}

export function overlaps(a: Span, b: Span): boolean {
  return a.fromUs <= b.toUs && b.fromUs <= a.toUs
}

function endOf(mark: Mark): number {
  return mark.endUs ?? Number.MAX_SAFE_INTEGER
}
