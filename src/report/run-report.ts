/**
 * One report over the runs of one command. It adds no judgement of its own: each analysis has been judged, and this only
 * merges, by the worst. Nothing passes vacuously here either: a report without a run, or with a run that was planned and
 * not made, is inconclusive.
 */
import type { Analysis, Verdict } from '../analysis/analysis.ts'
import { mergeVerdicts } from '../analysis/verdict.ts'
import type { Provenance } from '../model/recording.ts'
import { standingOf } from './standing.ts'

export interface NotRun {
  name: string
  why: string
}

/** A measurement that the machine was too busy for, and that another took the place of. */
export interface MeasuredAgain {
  name: string
  why: string
  /** Where its recording lies, seen from the report's folder. */
  recording: string
}

export interface RunReport {
  runId: string
  /** ISO 8601, UTC. */
  startedAt: string
  durationMs: number
  verdict: Verdict
  asDeclared: boolean
  exitCode: 0 | 1 | 3
  analyses: Analysis[]
  /** Planned, but not made or not finished. */
  notRun: NotRun[]
  /** Measurements that do not count: the machine was too busy for them. Their recordings are kept. */
  measuredAgain: MeasuredAgain[]
  /** Why the command broke off; null when it ended by itself. */
  interrupted: string | null
  provenance: Provenance
}

export type RunReportParts = Omit<RunReport, 'verdict' | 'asDeclared' | 'exitCode'>

export function makeRunReport(parts: RunReportParts): RunReport {
  const { runId, startedAt, durationMs, analyses, notRun, measuredAgain, interrupted, provenance } = parts
  const complete = analyses.length > 0 && notRun.length === 0 && interrupted === null
  const gap: Verdict[] = complete ? [] : ['inconclusive']
  return {
    runId,
    startedAt,
    durationMs,
    verdict: mergeVerdicts([...analyses.map(analysis => analysis.verdict), ...gap]),
    asDeclared: complete && analyses.every(analysis => analysis.asDeclared),
    exitCode: exitCodeOf(analyses, complete),
    analyses,
    notRun,
    measuredAgain,
    interrupted,
    provenance,
  }
}

/**
 * A measured difference (1) wins over something that could not be measured (3): the former is known to be wrong and
 * stays wrong whatever a repetition of the latter shows.
 */
function exitCodeOf(analyses: readonly Analysis[], complete: boolean): 0 | 1 | 3 {
  const standings = analyses.map(standingOf)
  if (standings.includes('differs')) return 1
  return complete && !standings.includes('unmeasured') ? 0 : 3
}
