/**
 * Conducts experiments side by side, and those that the machine was too busy for once more, in the end alone. What
 * was measured while the machine was short of processor shows nothing about a configuration, so it is set aside, and the
 * report says so.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, rename } from 'node:fs/promises'
import path from 'node:path'
import type { Analysis } from '../analysis/analysis.ts'
import { tooBusy } from '../analysis/verdict.ts'
import { systemClock } from '../base/clock.ts'
import type { K6Executable } from '../base/k6-executable.ts'
import { messageOf } from '../base/message-of.ts'
import type { Provenance } from '../model/recording.ts'
import type { MeasuredAgain, NotRun } from '../report/run-report.ts'
import { estimate, type Experiment } from '../run/experiment.ts'
import { experimentsAtATime, LoadRoom, sideBySide, startOrder, type Machine } from '../run/matrix.ts'
import { ProcessorGauge } from '../run/processor-gauge.ts'
import { run } from '../run/run.ts'
import { analyzeFolder } from './judge.ts'
import type { ProgressDisplay } from './progress-display.ts'
import type { Venue } from './venue.ts'

/** So many experiments of a run are measured again with others beside them, which takes hardly any time. */
const AGAIN_BESIDE_OTHERS = 2

/** Who is disturbed twice while alone will be a third time. */
const AGAIN_ALONE = 2

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
  return new Measuring(plan).all()
}

class Measuring {
  readonly #plan: MeasurePlan
  readonly #told: Told = { notRun: [], left: [], measuredAgain: [] }
  readonly #workers: number
  /** One recording after the other: one of thousands of requests is held in memory only while it is judged. */
  #judging: Promise<unknown> = Promise.resolve()

  constructor(plan: MeasurePlan) {
    this.#plan = plan
    this.#workers = experimentsAtATime(plan.atATime)
  }

  async all(): Promise<Measured> {
    const { experiments, atATime, measuresRoom, signal } = this.#plan
    const loadRoom = new LoadRoom(atATime, measuresRoom ? machine() : null)
    const order = startOrder(experiments, atATime, estimate)
    const beside = await sideBySide(experiments, order, this.#workers, async experiment => {
      if (!signal.aborted) return this.#besideOthers(experiment, loadRoom)
      this.#told.notRun.push({ name: experiment.name, why: String(signal.reason) })
      return null
    })
    const analyses: Analysis[] = []
    for (const [index, experiment] of experiments.entries()) {
      const analysis = await this.#alone(experiment, beside[index] ?? null)
      if (analysis !== null) analyses.push(analysis)
    }
    return { analyses, ...this.#told }
  }

  async #besideOthers(experiment: Experiment, loadRoom: LoadRoom): Promise<Analysis | null> {
    const first = await this.#conductOne(experiment, loadRoom)
    // Where many are spoilt, it is not chance: they would be again.
    if (this.#told.measuredAgain.length >= AGAIN_BESIDE_OTHERS || !(await this.#setAsideIfSpoilt(first)))
      return first
    return this.#conductOne(experiment, loadRoom)
  }

  /** `last`: what came of it so far. */
  async #alone(experiment: Experiment, last: Analysis | null): Promise<Analysis | null> {
    let analysis = last
    for (let again = 0; again < AGAIN_ALONE && (await this.#setAsideIfSpoilt(analysis)); again++)
      analysis = await this.#conductOne(experiment, new LoadRoom(1))
    return analysis
  }

  /** True where the machine was too busy for it: it is to be measured again, and its recording lies elsewhere. */
  async #setAsideIfSpoilt(analysis: Analysis | null): Promise<boolean> {
    const { signal, display, folder } = this.#plan
    const { measuredAgain } = this.#told
    // What was alone the first time would be no better off.
    if (analysis === null || this.#workers === 1 || signal.aborted) return false
    const why = tooBusy(analysis)
    if (why === null) return false
    const { name } = analysis
    display.say(`${name}: the machine was too busy: measuring it again`)
    display.again(name)
    const earlier = measuredAgain.filter(again => again.name === name).length
    const aside = await setAside(path.join(folder, name), earlier + 1)
    measuredAgain.push({ name, why, recording: path.relative(folder, aside) })
    return true
  }

  /** Null when there is nothing to judge, with the reason in `notRun`. */
  async #conductOne(experiment: Experiment, loadRoom: LoadRoom): Promise<Analysis | null> {
    const plan = this.#plan
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
          this.#told.left.push(`${name}: ${what}`)
        },
      })
      if (manifest.interrupted !== null && !signal.aborted) display.say(`${name}: ${manifest.interrupted}`)
      display.phase(name, 'done')
      return await this.#judge(folder)
    } catch (error) {
      this.#told.notRun.push({ name, why: messageOf(error) })
      display.phase(name, 'not run')
      return null
    }
  }

  async #judge(recording: string): Promise<Analysis> {
    const judged = this.#judging.then(() => analyzeFolder(recording))
    this.#judging = judged.catch(() => undefined)
    return judged
  }
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

type Told = Omit<Measured, 'analyses'>
