/** `rollproof run`: choose, run side by side, judge, report. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { systemClock } from '../base/clock.ts'
import { sampleAppImages } from '../cluster/images.ts'
import { acquireEmbedded } from '../cluster/embedded.ts'
import type { Provenance } from '../model/recording.ts'
import { estimate, type Experiment } from '../run/experiment.ts'
import type { RunReport } from '../report/run-report.ts'
import { experimentsAtATime, LoadRoom, loadsAtATime, sideBySide, startOrder } from '../run/matrix.ts'
import { readProvenance } from '../run/provenance.ts'
import { run } from '../run/run.ts'
import { chooseExperiments } from './choose.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import { listenForInterrupts } from './interrupts.ts'
import { judgeRun, printReport, writeReport, type OutputFormat } from './judge.ts'
import { ProgressDisplay } from './progress-display.ts'
import type { Streams } from './streams.ts'

export interface RunOptions {
  tour?: boolean
  all?: boolean
  disruption?: string
  atATime?: string
  seed?: string
  reports: string
  output: OutputFormat
}

export async function runCommand(names: string[], options: RunOptions, streams: Streams): Promise<ExitCode> {
  const { tour = false, all = false, disruption } = options
  const atATime = wholeNumber('--at-a-time', options.atATime, 1, 64) ?? loadsAtATime()
  const seed = wholeNumber('--seed', options.seed, 0, 0xffffffff) ?? randomBytes(4).readUInt32BE()
  const experiments = chooseExperiments({ names, tour, all, disruption })
  const provenance = await readProvenance(['rollproof', ...process.argv.slice(2)])
  const startedUs = systemClock.nowUs()
  const runId = newRunId(startedUs)
  const folder = path.join(options.reports, runId)

  const display = new ProgressDisplay(streams, systemClock, experiments)
  const interrupts = listenForInterrupts(name => display.say(`${name}: ending, cleaning up …`))
  const notRun: { name: string; why: string }[] = []
  const loadRoom = new LoadRoom(atATime)
  const order = startOrder(experiments, atATime, estimate)
  const folders = await sideBySide(experiments, order, experimentsAtATime(atATime), async experiment => {
    if (interrupts.signal.aborted) {
      notRun.push({ name: experiment.name, why: String(interrupts.signal.reason) })
      return null
    }
    const made = {
      experiment,
      folder: path.join(folder, experiment.name),
      runId,
      seed,
      provenance,
      loadRoom,
    }
    return conductOne(made, display, interrupts.signal, notRun)
  })
  display.end()
  interrupts.dispose()

  const interrupted = interrupts.signal.aborted ? String(interrupts.signal.reason) : null
  const report = await judgeRun(
    { runId, startedUs, endedUs: systemClock.nowUs(), notRun, interrupted, provenance },
    folders.filter(recording => recording !== null),
  )
  const written = report.analyses.length > 0 && (await tryToWrite(folder, report, streams))
  printReport(report, options.output, written ? folder : null, streams)
  const exitCode = interrupts.exitCode() ?? report.exitCode
  return exitCode === 0 && !written ? 3 : exitCode
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

interface PlannedRun {
  experiment: Experiment
  folder: string
  runId: string
  seed: number
  provenance: Provenance
  loadRoom: LoadRoom
}

/** The folder of the recording; null when there is none, with the reason in `notRun`. */
async function conductOne(
  { experiment, folder, runId, seed, provenance, loadRoom }: PlannedRun,
  display: ProgressDisplay,
  signal: AbortSignal,
  notRun: { name: string; why: string }[],
): Promise<string | null> {
  const { name, scenario } = experiment
  try {
    const manifest = await run({
      experiment,
      acquire: () =>
        acquireEmbedded({
          inputs: scenario.cluster,
          images: { ...sampleAppImages(), ...scenario.images },
          seed,
          clock: systemClock,
          givesWay: true,
        }),
      folder,
      runId,
      runPrefix: randomBytes(4).toString('hex'),
      seed,
      provenance,
      clock: systemClock,
      signal,
      loadRoom,
      onPhase: phase => display.phase(name, phase),
      onLoad: ({ sent, failed }) => display.load(name, sent, failed),
    })
    if (manifest.interrupted !== null && !signal.aborted) display.say(`${name}: ${manifest.interrupted}`)
    display.phase(name, 'done')
    return folder
  } catch (error) {
    notRun.push({ name, why: error instanceof Error ? error.message : String(error) })
    display.phase(name, 'not run')
    return null
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
