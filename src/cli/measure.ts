/**
 * Conducts experiments side by side, and those that the machine was too busy for once more, alone. What was measured while
 * the machine was short of processor shows nothing about a configuration, so it is set aside, and the report says so.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, rename } from 'node:fs/promises'
import path from 'node:path'
import type { Analysis } from '../analysis/analysis.ts'
import { tooBusy } from '../analysis/verdict.ts'
import { systemClock } from '../base/clock.ts'
import type { K6Executable } from '../base/k6-executable.ts'
import type { Provenance } from '../model/recording.ts'
import type { MeasuredAgain, NotRun } from '../report/run-report.ts'
import { estimate, type Experiment } from '../run/experiment.ts'
import { experimentsAtATime, LoadRoom, sideBySide, startOrder, type Machine } from '../run/matrix.ts'
import { ProcessorGauge } from '../run/processor-gauge.ts'
import { run } from '../run/run.ts'
import { analyzeFolder } from './judge.ts'
import type { ProgressDisplay } from './progress-display.ts'
import type { Venue } from './venue.ts'

/** With others beside it once, and then alone: who is disturbed twice while alone will be a third time. */
const MEASUREMENTS = 3

export interface MeasurePlan {
  experiments: readonly Experiment[]
  /** At most. */
  atATime: number
  /** Fewer loads at a time where the machine carries fewer. */
  measuresRoom: boolean
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
  /** What the recordings say, in the order of the experiments. */
  analyses: Analysis[]
  notRun: NotRun[]
  measuredAgain: MeasuredAgain[]
  /** What could not be ended or taken back. */
  left: string[]
}

export async function measure(plan: MeasurePlan): Promise<Measured> {
  const { experiments, atATime, display, signal } = plan
  const told: Told = { notRun: [], left: [] }
  const loadRoom = new LoadRoom(atATime, plan.measuresRoom ? machine() : null)
  const order = startOrder(experiments, atATime, estimate)
  const folders = await sideBySide(experiments, order, experimentsAtATime(atATime), async experiment => {
    if (!signal.aborted) return conductOne(plan, experiment, loadRoom, told)
    told.notRun.push({ name: experiment.name, why: String(signal.reason) })
    return null
  })
  const measuredAgain: MeasuredAgain[] = []
  const analyses: Analysis[] = []
  const again = experimentsAtATime(atATime) > 1
  // One after the other: a recording of thousands of requests is held in memory only while it is judged.
  for (const [index, experiment] of experiments.entries()) {
    let recording = folders[index] ?? null
    let measurements = 1
    while (recording !== null) {
      const analysis = await analyzeFolder(recording)
      const why = again && !signal.aborted && measurements < MEASUREMENTS ? tooBusy(analysis) : null
      if (why === null) {
        analyses.push(analysis)
        break
      }
      const { name } = experiment
      display.say(`${name}: the machine was too busy: measuring it again, alone`)
      display.again(name)
      const aside = await setAside(recording, measurements++)
      measuredAgain.push({ name, why, recording: path.relative(plan.folder, aside) })
      recording = await conductOne(plan, experiment, new LoadRoom(1), told)
    }
  }
  return { analyses, measuredAgain, ...told }
}

function machine(): Machine {
  return { gauge: new ProcessorGauge(systemClock), clock: systemClock }
}

async function setAside(recording: string, measurement: number): Promise<string> {
  const superseded = path.join(path.dirname(recording), 'superseded')
  await mkdir(superseded, { recursive: true })
  const aside = path.join(superseded, path.basename(recording) + (measurement === 1 ? '' : `-${measurement}`))
  await rename(recording, aside)
  return aside
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
