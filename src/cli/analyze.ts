/** `rollproof analyze`: judges stored recordings again, with the rules of this version. Writes nothing. */
import type { Analysis } from '../analysis/analysis.ts'
import { readRecording } from '../recording/reader.ts'
import type { ExitCode } from './exit-code.ts'
import { analyzeFolder, judgeRun, printReport, type OutputFormat } from './judge.ts'
import { readingStored, recordingsIn } from './recordings-in.ts'
import type { Streams } from './streams.ts'

export async function analyzeCommand(
  folder: string,
  { output }: { output: OutputFormat },
  streams: Streams,
): Promise<ExitCode> {
  const folders = recordingsIn(folder, 'the folder of one recording, or of a run, as reports/<run-id>')
  return readingStored(async () => {
    const first = await readRecording(folders[0])
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
  })
}
