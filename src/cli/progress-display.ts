/** Live progress on standard error: redrawn lines for a person, one line per change of phase for a pipe. */
import { createLogUpdate } from 'log-update'
import type { Clock, Timer } from '../base/clock.ts'
import { renderProgress, renderProgressLine, type ExperimentProgress } from '../report/progress.ts'
import { estimate, type Experiment } from '../run/experiment.ts'
import { wantsUnicode, widthOf, type Streams } from './streams.ts'

const REDRAW_MS = 250
const WAITING = 'waiting'

interface State extends ExperimentProgress {
  startedUs: number | null
}

export class ProgressDisplay {
  readonly #streams: Streams
  readonly #clock: Clock
  readonly #states: Map<string, State>
  readonly #redraw: ReturnType<typeof createLogUpdate> | null
  #timer: Timer | null = null

  constructor(streams: Streams, clock: Clock, experiments: readonly Experiment[]) {
    this.#streams = streams
    this.#clock = clock
    this.#states = new Map(experiments.map(experiment => [experiment.name, waiting(experiment)]))
    this.#redraw = streams.stderr.isTTY ? createLogUpdate(streams.stderr) : null
    if (this.#redraw !== null) this.#tick()
  }

  phase(name: string, phase: string): void {
    const state = this.#states.get(name)
    if (state === undefined) return
    const before = { ...state }
    state.startedUs ??= this.#clock.nowUs()
    state.phase = phase
    this.#update(state)
    const line = this.#redraw === null ? renderProgressLine(before, state) : null
    if (line !== null) this.#streams.stderr.write(`${line}\n`)
  }

  /** The experiment begins anew. */
  again(name: string): void {
    const state = this.#states.get(name)
    if (state !== undefined) Object.assign(state, { phase: WAITING, startedUs: null, sent: 0, failed: 0 })
  }

  load(name: string, sent: number, failed: number): void {
    const state = this.#states.get(name)
    if (state !== undefined) Object.assign(state, { sent, failed })
  }

  say(text: string): void {
    this.#redraw?.clear()
    this.#streams.stderr.write(`${text}\n`)
  }

  end(): void {
    this.#timer?.cancel()
    this.#redraw?.clear()
  }

  #tick(): void {
    this.#draw()
    this.#timer = this.#clock.after(REDRAW_MS, () => this.#tick())
  }

  #draw(): void {
    const { stderr, env } = this.#streams
    for (const state of this.#states.values()) this.#update(state)
    const states = [...this.#states.values()]
    const running = states.filter(state => state.phase !== 'done' && state.phase !== WAITING)
    const done = states.filter(state => state.phase === 'done').length
    const lines = renderProgress(running, widthOf(stderr, env) - 1, { unicode: wantsUnicode(env) })
    this.#redraw?.(`${lines}\n${done} of ${states.length} done`)
  }

  #update(state: State): void {
    if (state.startedUs === null || state.phase === 'done') return
    state.elapsedMs = Math.round((this.#clock.nowUs() - state.startedUs) / 1000)
  }
}

function waiting(experiment: Experiment): State {
  const { prepareMs, loadMs } = estimate(experiment)
  const expectedMs = prepareMs + loadMs
  const { name } = experiment
  return { name, phase: WAITING, elapsedMs: 0, expectedMs, sent: 0, failed: 0, note: null, startedUs: null }
}
