/** `rollproof run`: choose, run side by side, judge, report. */
import path from 'node:path'
import { systemClock } from '../base/clock.ts'
import { messageOf } from '../base/message-of.ts'
import type { RunReport } from '../report/run-report.ts'
import { readProvenance } from '../run/provenance.ts'
import { chooseExperiments, readCatalogue } from './choose.ts'
import { meansContext, type ContextOptions } from './context-options.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import { interruptible } from './interrupts.ts'
import { k6For, type DriverName } from './k6-for.ts'
import { judgeRun, printReport, writeReport, type OutputFormat } from './judge.ts'
import { measure } from './measure.ts'
import { ProgressDisplay } from './progress-display.ts'
import { chosenSeed, newRunId, wholeNumber } from './run-id.ts'
import type { Streams } from './streams.ts'
import { contextVenue, openVenue, venueComplaint, type Venue, type VenueOptions } from './venue.ts'

export interface RunOptions extends VenueOptions, ContextOptions {
  tour?: boolean
  all?: boolean
  disruption?: string
  loadScale?: string
  atATime?: string
  seed?: string
  driver?: DriverName
  reports: string
  output: OutputFormat
}

export async function runCommand(names: string[], options: RunOptions, streams: Streams): Promise<ExitCode> {
  const { tour = false, all = false, disruption, cluster = 'embedded', loadScale } = options
  const atATime = wholeNumber('--at-a-time', options.atATime, 1, 64)
  const seed = chosenSeed('--seed', options.seed)
  const onContext = meansContext(options)
  if (onContext && cluster === 'kind') throw new UsageError('either --cluster kind, or --context')
  const anyImage = onContext || cluster === 'kind'
  const experiments = chooseExperiments({ names, tour, all, disruption, anyImage, loadScale })
  const complaint = venueComplaint(
    options,
    readCatalogue().map(({ name }) => name),
    onContext,
  )
  if (complaint !== null) throw new UsageError(complaint)
  const k6 = await k6For(experiments, options.driver, onContext || cluster === 'kind')
  const provenance = await readProvenance(['rollproof', ...process.argv.slice(2)])
  const startedUs = systemClock.nowUs()
  const runId = newRunId(startedUs)
  const folder = path.join(options.reports, runId)
  const place = onContext
    ? await (await import('./context-place.ts')).openContext(options, experiments, runId, streams.env)
    : null
  if (place !== null && options.dryRun === true) {
    streams.stdout.write(await place.plan(experiments))
    return 0
  }

  const display = new ProgressDisplay(streams, systemClock, experiments)
  const say = (text: string): void => display.say(text)
  return interruptible(display, async interrupts => {
    const { signal } = interrupts
    const { env } = streams
    const venue =
      place === null
        ? await openVenue({ options, experiments, runId, folder, env, signal, say })
        : contextVenue(place, signal)
    const load = {
      atATime: atATime ?? venue.atATime,
      measuresRoom: options.atATime === undefined,
      seed,
      k6,
      k6Always: options.driver === 'k6',
    }
    const plan = { ...load, experiments, folder, runId, provenance, display }
    const { analyses, notRun, measuredAgain, left } = await measure({ ...plan, venue, signal })
    const interrupted = signal.aborted ? String(signal.reason) : null
    const report = judgeRun(
      { runId, startedUs, endedUs: systemClock.nowUs(), notRun, measuredAgain, interrupted, provenance },
      analyses,
    )
    await closeVenue(venue, report.exitCode !== 0 && interrupted === null, say)
    display.end()
    const written = report.analyses.length > 0 && (await tryToWrite(folder, report, streams))
    printReport(report, options.output, written ? folder : null, streams)
    const exitCode = interrupts.exitCode() ?? report.exitCode
    if (left.length > 0) streams.stderr.write(`${venue.whenLeft}\n`)
    return exitCode === 0 && (!written || left.length > 0) ? 3 : exitCode
  })
}

/** What was measured is shown even when the cluster does not go. */
async function closeVenue(venue: Venue, trouble: boolean, say: (text: string) => void): Promise<void> {
  try {
    await venue.close(trouble)
  } catch (error) {
    say(`${messageOf(error)}; \`rollproof cleanup\` tries again`)
  }
}

/** What was measured is shown even when the disk does not take it. */
async function tryToWrite(folder: string, report: RunReport, { stderr }: Streams): Promise<boolean> {
  try {
    await writeReport(folder, report)
    return true
  } catch (error) {
    stderr.write(`the report could not be written: ${messageOf(error)}\n`)
    return false
  }
}
