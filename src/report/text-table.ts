/**
 * What a user sees first: a row per run, the reason under each row that needs one, and below the table what it takes to
 * read it. The answer stands last, where a terminal leaves the eye.
 */
import type { RunReport } from './run-report.ts'
import { makeScreen } from './screen.ts'
import {
  againLines,
  clusterNotice,
  driverNotice,
  legend,
  statisticsLine,
  summaryLine,
  unfinishedLines,
} from './table-footer.ts'
import { layOut } from './table-layout.ts'
import { tableRow } from './table-row.ts'

export interface TextTableOptions {
  width: number
  colour: boolean
  /** False for plain ASCII. */
  unicode?: boolean
  /** Where the written report is; shown on a line of its own. */
  reportPath?: string
}

export function renderTextTable(report: RunReport, options: TextTableOptions): string {
  const screen = makeScreen(options)
  const { analyses } = report
  const measured =
    analyses.length === 0
      ? []
      : [
          layOut(
            analyses.map(analysis => tableRow(analysis, screen)),
            screen,
          ),
          legend(screen),
          [
            ...clusterNotice(analyses, screen),
            ...driverNotice(analyses, screen),
            ...statisticsLine(analyses, screen),
          ],
        ]
  const closing = [
    ...summaryLine(report, screen),
    ...(options.reportPath === undefined ? [] : [`Report: ${options.reportPath}`]),
  ]
  const blocks = [...measured, againLines(report, screen), unfinishedLines(report, screen), closing].filter(
    lines => lines.length > 0,
  )
  return blocks.map(lines => `${lines.join('\n')}\n`).join('\n')
}
