/** `rollproof report`: shows the stored report of an earlier run again, as it was judged then. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { REPORT_SCHEMA_VERSION, type ReportDocument } from '../report/json.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import { printReport, reportFiles, type OutputFormat } from './judge.ts'
import type { Streams } from './streams.ts'

// eslint-disable-next-line @typescript-eslint/require-await -- commands share one shape
export async function reportCommand(
  run: string,
  { reports, output }: { reports: string; output: OutputFormat },
  streams: Streams,
): Promise<ExitCode> {
  const candidates = [run, path.join(reports, run)]
  for (const folder of candidates) {
    const text = read(path.join(folder, reportFiles.json))
    if (text === null) continue
    const report = parseReport(text, path.join(folder, reportFiles.json))
    printReport(report, output, folder, streams)
    return report.exitCode
  }
  throw new UsageError(
    `${run}: no report; looked for ${candidates.map(folder => path.join(folder, reportFiles.json)).join(' and ')}. ` +
      'A run that broke off has recordings only: try rollproof analyze.',
  )
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function parseReport(text: string, file: string): ReportDocument {
  let report: ReportDocument
  try {
    report = JSON.parse(text) as ReportDocument
  } catch (error) {
    throw new UsageError(`${file}: not JSON: ${error instanceof Error ? error.message : 'unreadable'}`)
  }
  const found = report.schemaVersion as number | undefined
  if (found !== REPORT_SCHEMA_VERSION) {
    throw new UsageError(
      `${file}: schemaVersion ${found ?? 'missing'}; this program reads ${REPORT_SCHEMA_VERSION}`,
    )
  }
  // A field that came later: reports of before were measured once.
  return { ...report, measuredAgain: (report as Partial<ReportDocument>).measuredAgain ?? [] }
}
