/**
 * Conducts experiments side by side, and those that the machine was too busy for once more, alone. What was measured while
 * the machine was short of processor shows nothing about a configuration, so it is set aside, and the report says so.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { tooBusy } from '../analysis/verdict.ts'
import { systemClock } from '../base/clock.ts'
import type { K6Executable } from '../base/k6-executable.ts'
import type { Provenance } from '../model/recording.ts'
import type { MeasuredAgain, NotRun } from '../report/run-report.ts'
import { estimate, type Experiment } from '../run/experiment.ts'
import { experimentsAtATime, LoadRoom, sideBySide, startOrder } from '../run/matrix.ts'
import { run } from '../run/run.ts'
import { analyzeFolder } from './judge.ts'
import type { ProgressDisplay } from './progress-display.ts'
import type { Venue } from './venue.ts'

export interface MeasurePlan {
  experiments: readonly Experiment[]
  atATime: number
  folder: string
  runId: string
  seed: number
  provenance: Provenance
  /** Where it was asked for by name, or for the scenarios whose load is a script of its own; null: not asked for. */
  k6: K6Executable | null
  /** k6 makes every load. */
  k6Always: boolean
  display: ProgressDisplay
  venue: Venue
  signal: AbortSignal
}

export interface Measured {
  /** The recordings, in the order of the experiments. */
  folders: string[]
  notRun: NotRun[]
  measuredAgain: MeasuredAgain[]
  /** What could not be ended or taken back. */
  left: string[]
}

export async function measure(plan: MeasurePlan): Promise<Measured> {
  const { experiments, atATime, signal } = plan
  const told: Told = { notRun: [], left: [] }
  const loadRoom = new LoadRoom(atATime)
  const order = startOrder(experiments, atATime, estimate)
  const folders = await sideBySide(experiments, order, experimentsAtATime(atATime), async experiment => {
    if (!signal.aborted) return conductOne(plan, experiment, loadRoom, told)
    told.notRun.push({ name: experiment.name, why: String(signal.reason) })
    return null
  })
  const measuredAgain = experimentsAtATime(atATime) === 1 ? [] : await measureAgain(plan, folders, told)
  return { folders: folders.filter(recording => recording !== null), measuredAgain, ...told }
}

/** `folders` are those of the experiments, and are replaced by what becomes of the second measurement. */
async function measureAgain(
  plan: MeasurePlan,
  folders: (string | null)[],
  told: Told,
): Promise<MeasuredAgain[]> {
  const { experiments, display, signal } = plan
  const again: MeasuredAgain[] = []
  for (const [index, experiment] of experiments.entries()) {
    const recording = folders[index]
    if (recording === undefined || recording === null || signal.aborted) continue
    const why = tooBusy(await analyzeFolder(recording))
    if (why === null) continue
    const { name } = experiment
    display.say(`${name}: the machine was too busy: measuring it again, alone`)
    display.again(name)
    await setAside(recording)
    again.push({ name, why })
    folders[index] = await conductOne(plan, experiment, new LoadRoom(1), told)
  }
  return again
}

async function setAside(recording: string): Promise<void> {
  const superseded = path.join(path.dirname(recording), 'superseded')
  await mkdir(superseded, { recursive: true })
  await rename(recording, path.join(superseded, path.basename(recording)))
}

type Told = Pick<Measured, 'notRun' | 'left'>

/** The folder of the recording; null when there is none, with the reason in `notRun`. */
async function conductOne(
  plan: MeasurePlan,
  experiment: Experiment,
  loadRoom: LoadRoom,
  told: Told,
): Promise<string | null> {
  const { runId, seed, provenance, display, venue, signal } = plan
  const { name } = experiment
  const folder = path.join(plan.folder, name)
  try {
    const manifest = await run({
      experiment,
      acquire: () => venue.acquire(experiment, seed),
      folder,
      runId,
      runPrefix: randomBytes(4).toString('hex'),
      seed,
      provenance,
      k6: plan.k6Always || experiment.scenario.k6Script !== undefined ? plan.k6 : null,
      clock: systemClock,
      signal,
      loadRoom,
      onPhase: phase => display.phase(name, phase),
      onLoad: ({ sent, failed }) => display.load(name, sent, failed),
      onChosen: what => display.say(`${name}: ${what}`),
      onLeft: what => {
        display.say(`${name}: ${what}`)
        told.left.push(`${name}: ${what}`)
      },
    })
    if (manifest.interrupted !== null && !signal.aborted) display.say(`${name}: ${manifest.interrupted}`)
    display.phase(name, 'done')
    return folder
  } catch (error) {
    told.notRun.push({ name, why: error instanceof Error ? error.message : String(error) })
    display.phase(name, 'not run')
    return null
  }
}
