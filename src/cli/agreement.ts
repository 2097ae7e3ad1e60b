/**
 * `rollproof agreement`: the same experiments on a kind cluster and on the embedded one, side by side in one table. The
 * embedded cluster gets as many workers as the real one has, since a drain moves as many pods as share a node.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { measurePhaseTimes } from '../analysis/phase-times.ts'
import { systemClock } from '../base/clock.ts'
import { writeWhole } from '../base/write-whole.ts'
import { readRecording } from '../recording/reader.ts'
import {
  agreementExitCode,
  renderAgreement,
  type Agreement,
  type AgreementRow,
  type Side,
} from '../report/agreement.ts'
import type { NotRun } from '../report/run-report.ts'
import type { Experiment } from '../run/experiment.ts'
import { readProvenance } from '../run/provenance.ts'
import { chooseExperiments } from './choose.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import { listenForInterrupts } from './interrupts.ts'
import { measure } from './measure.ts'
import { ProgressDisplay } from './progress-display.ts'
import { chosenSeed, newRunId } from './run-id.ts'
import type { Streams } from './streams.ts'
import { openVenue, venueComplaint, type VenueOptions } from './venue.ts'

export interface AgreementOptions extends VenueOptions {
  all?: boolean
  disruption?: string
  seed?: string
  reports: string
  /** Where the table is kept. */
  out: string
}

interface Measured {
  sides: Map<string, Side>
  notRun: NotRun[]
  workers: number | null
}

export async function agreementCommand(
  names: string[],
  options: AgreementOptions,
  streams: Streams,
): Promise<ExitCode> {
  const { all = false, disruption } = options
  const seed = chosenSeed('--seed', options.seed)
  const choice = { names, tour: false, all, disruption }
  const experiments = chooseExperiments({ ...choice, anyImage: false })
  const complaint = venueComplaint({ ...options, cluster: 'kind' }, [])
  if (complaint !== null) throw new UsageError(complaint)
  const display = new ProgressDisplay(streams, systemClock, experiments)
  const interrupts = listenForInterrupts(name => display.say(`${name}: ending, cleaning up …`))
  try {
    const on = (cluster: 'kind' | 'embedded', chosen: Experiment[]): Promise<Measured> =>
      measureOn({ ...options, cluster }, chosen, { seed, display, signal: interrupts.signal, streams })
    const real = await on('kind', experiments)
    const embedded = await on('embedded', withWorkers(experiments, real.workers))
    const agreement = {
      madeAt: new Date(systemClock.nowUs() / 1000).toISOString(),
      command: ['rollproof', ...process.argv.slice(2)].join(' '),
      rows: experiments.map(({ name }) => rowOf(name, real, embedded)),
    }
    display.end()
    return interrupts.exitCode() ?? (await tell(agreement, options.out, streams))
  } catch (error) {
    const exitCode = interrupts.exitCode()
    if (exitCode === null) throw error
    return exitCode
  } finally {
    display.end()
    interrupts.dispose()
  }
}

interface Circumstances {
  seed: number
  display: ProgressDisplay
  signal: AbortSignal
  streams: Streams
}

async function measureOn(
  options: AgreementOptions,
  experiments: Experiment[],
  { seed, display, signal, streams }: Circumstances,
): Promise<Measured> {
  const runId = newRunId(systemClock.nowUs())
  const folder = path.join(options.reports, runId)
  const provenance = await readProvenance(['rollproof', ...process.argv.slice(2)])
  const say = (text: string): void => display.say(text)
  for (const { name } of experiments) display.again(name)
  const venue = await openVenue({ options, experiments, runId, folder, env: streams.env, signal, say })
  try {
    const { atATime } = venue
    const load = { atATime, measuresRoom: true, seed, k6: null, k6Always: false }
    const plan = { ...load, experiments, folder, runId, provenance, display, venue, signal }
    const { analyses, notRun } = await measure(plan)
    const sides = new Map<string, Side>()
    for (const analysis of analyses) {
      const phaseTimes = measurePhaseTimes(await readRecording(path.join(folder, analysis.name)))
      sides.set(analysis.name, { analysis, phaseTimes })
    }
    const nodes = [...sides.values()][0]?.analysis.cluster.nodes
    return { sides, notRun, workers: nodes === undefined ? null : nodes.length - 1 }
  } finally {
    await venue.close(false)
  }
}

function withWorkers(experiments: Experiment[], workers: number | null): Experiment[] {
  if (workers === null) return experiments
  return experiments.map(experiment => {
    const { scenario } = experiment
    return { ...experiment, scenario: { ...scenario, cluster: { ...scenario.cluster, nodes: workers } } }
  })
}

function rowOf(name: string, real: Measured, embedded: Measured): AgreementRow {
  const why = (where: string, { notRun }: Measured): string[] =>
    notRun.filter(each => each.name === name).map(each => `${where}: ${each.why}`)
  return {
    name,
    real: real.sides.get(name) ?? null,
    embedded: embedded.sides.get(name) ?? null,
    notRun: [...why('real', real), ...why('embedded', embedded)],
  }
}

async function tell(agreement: Agreement, out: string, { stdout, stderr }: Streams): Promise<ExitCode> {
  const text = renderAgreement(agreement)
  stdout.write(text)
  await mkdir(path.dirname(out), { recursive: true })
  await writeWhole(out, text)
  stderr.write(`kept in ${out}\n`)
  return agreementExitCode(agreement)
}
