/** `rollproof analyze`: judges stored recordings again, with the rules of this version. Writes nothing. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { Analysis } from '../analysis/analysis.ts'
import { recordingFiles } from '../recording/files.ts'
import { readRecording, RecordingError } from '../recording/reader.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import { analyzeFolder, judgeRun, printReport, type OutputFormat } from './judge.ts'
import type { Streams } from './streams.ts'

export async function analyzeCommand(
  folder: string,
  { output }: { output: OutputFormat },
  streams: Streams,
): Promise<ExitCode> {
  const folders = recordingsIn(folder)
  if (folders.length === 0) {
    throw new UsageError(
      `${folder}: no recording; expected the folder of one recording, or of a run, as reports/<run-id>`,
    )
  }
  try {
    const first = await readRecording(folders[0] ?? folder)
    const { runId, startedUs, endedUs, provenance } = first.manifest
    const facts = {
      runId,
      startedUs,
      endedUs: endedUs ?? startedUs,
      notRun: [],
      measuredAgain: [],
      interrupted: null,
      provenance,
    }
    const analyses: Analysis[] = []
    for (const recording of folders) analyses.push(await analyzeFolder(recording))
    const report = judgeRun(facts, analyses)
    printReport(report, output, null, streams)
    return report.exitCode
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(error.message)
    throw error
  }
}

function recordingsIn(folder: string): string[] {
  const isRecording = (candidate: string): boolean =>
    existsSync(path.join(candidate, recordingFiles.manifest))
  if (isRecording(folder)) return [folder]
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => path.join(folder, entry.name))
    .filter(isRecording)
    .sort()
}
