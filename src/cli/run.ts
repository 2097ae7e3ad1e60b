/** `rollproof run`: choose, run side by side, judge, report. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { systemClock } from '../base/clock.ts'
import { findK6, type K6Executable } from '../base/k6-executable.ts'
import type { RunReport } from '../report/run-report.ts'
import type { Experiment } from '../run/experiment.ts'
import { loadsAtATime } from '../run/matrix.ts'
import { readProvenance } from '../run/provenance.ts'
import { chooseExperiments } from './choose.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import { listenForInterrupts } from './interrupts.ts'
import { judgeRun, printReport, writeReport, type OutputFormat } from './judge.ts'
import { measure } from './measure.ts'
import { ProgressDisplay } from './progress-display.ts'
import type { Streams } from './streams.ts'

export interface RunOptions {
  tour?: boolean
  all?: boolean
  disruption?: string
  atATime?: string
  seed?: string
  driver?: 'rollproof' | 'k6'
  reports: string
  output: OutputFormat
}

export async function runCommand(names: string[], options: RunOptions, streams: Streams): Promise<ExitCode> {
  const { tour = false, all = false, disruption } = options
  const atATime = wholeNumber('--at-a-time', options.atATime, 1, 64) ?? loadsAtATime()
  const seed = wholeNumber('--seed', options.seed, 0, 0xffffffff) ?? randomBytes(4).readUInt32BE()
  const experiments = chooseExperiments({ names, tour, all, disruption })
  const k6 = await k6For(experiments, options.driver)
  const provenance = await readProvenance(['rollproof', ...process.argv.slice(2)])
  const startedUs = systemClock.nowUs()
  const runId = newRunId(startedUs)
  const folder = path.join(options.reports, runId)

  const display = new ProgressDisplay(streams, systemClock, experiments)
  const interrupts = listenForInterrupts(name => display.say(`${name}: ending, cleaning up …`))
  const { signal } = interrupts
  const k6Always = options.driver === 'k6'
  const plan = { experiments, atATime, folder, runId, seed, provenance, k6, k6Always, display, signal }
  const { folders, notRun, measuredAgain } = await measure(plan)
  display.end()
  interrupts.dispose()

  const interrupted = interrupts.signal.aborted ? String(interrupts.signal.reason) : null
  const report = await judgeRun(
    { runId, startedUs, endedUs: systemClock.nowUs(), notRun, measuredAgain, interrupted, provenance },
    folders,
  )
  const written = report.analyses.length > 0 && (await tryToWrite(folder, report, streams))
  printReport(report, options.output, written ? folder : null, streams)
  const exitCode = interrupts.exitCode() ?? report.exitCode
  return exitCode === 0 && !written ? 3 : exitCode
}

/** Null where nobody needs it. A k6 that is missing or of no use is told before anything is begun. */
async function k6For(
  experiments: readonly Experiment[],
  driver: RunOptions['driver'],
): Promise<K6Executable | null> {
  const scripted = experiments.find(({ scenario }) => scenario.k6Script !== undefined)
  if (scripted !== undefined && driver === 'rollproof')
    throw new UsageError(
      `--driver rollproof: the load of ${scripted.scenario.name} is a k6 script (key \`load.k6\`), which only k6 can run`,
    )
  if (scripted === undefined && driver !== 'k6') return null
  const search = await findK6(process.env)
  if (search.ok) return search.k6
  const why =
    driver === 'k6' ? '--driver k6' : `the load of ${scripted?.scenario.name ?? '?'} (key \`load.k6\`)`
  throw new UsageError(`${why}: ${search.problem}`)
}

/** What was measured is shown even when the disk does not take it. */
async function tryToWrite(folder: string, report: RunReport, { stderr }: Streams): Promise<boolean> {
  try {
    await writeReport(folder, report)
    return true
  } catch (error) {
    stderr.write(
      `the report could not be written: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    return false
  }
}

/** Sorts by time, and does not collide when two are started in one second. */
function newRunId(nowUs: number): string {
  const [date = '', time = ''] = new Date(nowUs / 1000).toISOString().split(/[T.]/)
  return `${date}-${time.replaceAll(':', '')}-${randomBytes(2).toString('hex')}`
}

function wholeNumber(option: string, text: string | undefined, least: number, most: number): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most || text.trim() === '') {
    throw new UsageError(`${option} ${text}: expected a whole number from ${least} to ${most}`)
  }
  return value
}
