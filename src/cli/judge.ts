/** From recordings to a report on disk and on the screen. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Analysis } from '../analysis/analysis.ts'
import { analyze } from '../analysis/analyze.ts'
import { writeWhole } from '../base/write-whole.ts'
import type { Provenance } from '../model/recording.ts'
import { readRecording } from '../recording/reader.ts'
import { renderJson } from '../report/json.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { makeRunReport, type MeasuredAgain, type NotRun, type RunReport } from '../report/run-report.ts'
import { renderTextTable } from '../report/text-table.ts'
import { wantsColour, wantsUnicode, widthOf, type Streams } from './streams.ts'

export type OutputFormat = 'text' | 'json'

export interface RunFacts {
  runId: string
  startedUs: number
  endedUs: number
  notRun: NotRun[]
  measuredAgain: MeasuredAgain[]
  interrupted: string | null
  provenance: Provenance
}

/** `analyses`: in the order of the report. */
export function judgeRun(facts: RunFacts, analyses: Analysis[]): RunReport {
  const { runId, startedUs, endedUs, notRun, measuredAgain, interrupted, provenance } = facts
  return makeRunReport({
    runId,
    startedAt: new Date(startedUs / 1000).toISOString(),
    durationMs: Math.round((endedUs - startedUs) / 1000),
    analyses,
    notRun,
    measuredAgain,
    interrupted,
    provenance,
  })
}

export async function analyzeFolder(folder: string): Promise<Analysis> {
  return analyze(await readRecording(folder))
}

export const reportFiles = { json: 'report.json', markdown: 'report.md' } as const

export async function writeReport(folder: string, report: RunReport): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeWhole(path.join(folder, reportFiles.json), renderJson(report))
  await writeWhole(path.join(folder, reportFiles.markdown), renderMarkdown(report))
}

export function printReport(
  report: RunReport,
  output: OutputFormat,
  folder: string | null,
  streams: Streams,
): void {
  const { stdout, env } = streams
  if (output === 'json') {
    stdout.write(renderJson(report))
    return
  }
  stdout.write(
    renderTextTable(report, {
      width: widthOf(stdout, env),
      colour: wantsColour(stdout, env),
      unicode: wantsUnicode(env),
      ...(folder === null ? {} : { reportPath: path.join(folder, reportFiles.markdown) }),
    }),
  )
}
