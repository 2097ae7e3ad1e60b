/**
 * `rollproof agreement`: the same experiments on a kind cluster and on the embedded one, side by side in one table. The
 * embedded cluster is of the same minor version, which decides kube-proxy's throttle, and gets as many workers as the real
 * one has, since a drain moves as many pods as share a node.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { analyze } from '../analysis/analyze.ts'
import { measurePhaseTimes } from '../analysis/phase-times.ts'
import { present } from '../base/assert.ts'
import { systemClock } from '../base/clock.ts'
import { writeWhole } from '../base/write-whole.ts'
import type { ClusterFacts } from '../model/recording.ts'
import { readRecording } from '../recording/reader.ts'
import {
  agreementExitCode,
  renderAgreement,
  type Agreement,
  type AgreementRun,
  type AgreementRow,
  type Side,
} from '../report/agreement.ts'
import type { NotRun } from '../report/run-report.ts'
import type { Experiment } from '../run/experiment.ts'
import { readProvenance } from '../run/provenance.ts'
import { chooseExperiments } from './choose.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import { interruptible } from './interrupts.ts'
import { measure } from './measure.ts'
import { ProgressDisplay } from './progress-display.ts'
import { readingStored, recordingsIn, type StoredRecordings } from './recordings-in.ts'
import { chosenSeed, newRunId } from './run-id.ts'
import type { Streams } from './streams.ts'
import { openVenue, venueComplaint, type VenueOptions } from './venue.ts'

export interface AgreementOptions extends VenueOptions {
  all?: boolean
  disruption?: string
  loadScale?: string
  seed?: string
  reports: string
  /** Where the table is kept. */
  out: string
  /** Stored runs, in pairs: the real one, the embedded one. */
  from?: string[]
}

interface Measured {
  sides: Map<string, Side>
  notRun: NotRun[]
  /** Null where nothing was measured. */
  cluster: ClusterFacts | null
}

export async function agreementCommand(
  names: string[],
  options: AgreementOptions,
  streams: Streams,
): Promise<ExitCode> {
  const { all = false, disruption, loadScale, from } = options
  if (from !== undefined) return agreementOf(from, names, options.out, streams)
  const seed = chosenSeed('--seed', options.seed)
  const choice = { names, tour: false, all, disruption }
  const experiments = chooseExperiments({ ...choice, anyImage: false, loadScale })
  const complaint = venueComplaint({ ...options, cluster: 'kind' }, [])
  if (complaint !== null) throw new UsageError(complaint)
  const display = new ProgressDisplay(streams, systemClock, experiments)
  return interruptible(display, async interrupts => {
    const on = (cluster: 'kind' | 'embedded', chosen: Experiment[]): Promise<Measured> =>
      measureOn({ ...options, cluster }, chosen, { seed, display, signal: interrupts.signal, streams })
    const real = await on('kind', experiments)
    const embedded = await on('embedded', likeThat(experiments, real.cluster))
    const rows = experiments.map(({ name }) => rowOf(name, real, embedded))
    const command = commandOf(['rollproof', ...process.argv.slice(2)])
    const agreement = {
      runs: [{ madeAt: instant(systemClock.nowUs()), command, rows: rows.length }],
      judgedAgainAt: null,
      rows,
    }
    display.end()
    return interrupts.exitCode() ?? (await tell(agreement, options.out, streams))
  })
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
    return { sides, notRun, cluster: [...sides.values()][0]?.analysis.cluster ?? null }
  } finally {
    await venue.close(false)
  }
}

/** The table of runs that were kept, by the rules of this version. A later run of a row takes the place of an earlier one. */
async function agreementOf(
  folders: readonly string[],
  names: readonly string[],
  out: string,
  streams: Streams,
): Promise<ExitCode> {
  if (folders.length === 0 || folders.length % 2 === 1 || names.length > 0)
    throw new UsageError(
      '--from takes runs in pairs, each a real one and an embedded one, and no scenarios beside',
    )
  const pairs = Array.from({ length: folders.length / 2 }, (_, at) =>
    [folders[2 * at], folders[2 * at + 1]].map(folder => storedIn(folder ?? '')),
  )
  return readingStored(async () => {
    const byName = new Map<string, { row: AgreementRow; run: number }>()
    for (const [run, pair] of pairs.entries()) {
      const [onReal, onEmbedded] = await Promise.all(pair.map(judgedSides))
      for (const name of new Set([...(onReal?.keys() ?? []), ...(onEmbedded?.keys() ?? [])])) {
        const sides = { real: onReal?.get(name) ?? null, embedded: onEmbedded?.get(name) ?? null }
        byName.set(name, { row: { name, ...sides, notRun: [] }, run })
      }
    }
    const found = [...byName.values()].sort((a, b) => (a.row.name < b.row.name ? -1 : 1))
    const runs = await Promise.all(
      pairs.map(([real], run) => runOf(real, found.filter(each => each.run === run).length)),
    )
    const judgedAgainAt = instant(systemClock.nowUs())
    return tell({ runs, judgedAgainAt, rows: found.map(({ row }) => row) }, out, streams)
  })
}

async function runOf(real: StoredRecordings | undefined, rows: number): Promise<AgreementRun> {
  const { startedUs, provenance } = (await readRecording(present(real, 'a real run')[0])).manifest
  return { madeAt: instant(startedUs), command: commandOf(provenance.argv), rows }
}

const storedIn = (run: string): StoredRecordings => recordingsIn(run, 'a run, as reports/<run-id>')
const instant = (us: number): string => new Date(us / 1000).toISOString()

async function judgedSides(folders: readonly string[]): Promise<Map<string, Side>> {
  const sides = new Map<string, Side>()
  for (const folder of folders) {
    const recording = await readRecording(folder)
    const side = { analysis: analyze(recording), phaseTimes: measurePhaseTimes(recording) }
    sides.set(recording.manifest.name, side)
  }
  return sides
}

/** Without the words that say where files went. */
function commandOf(argv: readonly string[]): string {
  const isPlace = (word: string | undefined): boolean => word === '--reports' || word === '--out'
  return argv.filter((word, at) => !isPlace(word) && !isPlace(argv[at - 1])).join(' ')
}

/** The same experiments on an embedded cluster that is like the real one. */
function likeThat(experiments: Experiment[], real: ClusterFacts | null): Experiment[] {
  if (real === null) return experiments
  const minor = /^v1\.(\d+)\./.exec(real.kubernetesVersion)?.[1]
  const likeness = {
    nodes: real.nodes.length - 1,
    ...(minor === undefined ? {} : { kubernetesMinor: Number(minor) }),
  }
  return experiments.map(experiment => {
    const { scenario } = experiment
    return { ...experiment, scenario: { ...scenario, cluster: { ...scenario.cluster, ...likeness } } }
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
