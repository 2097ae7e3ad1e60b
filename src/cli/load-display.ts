/** How a load goes, on standard error: one line that is redrawn for a person, a line per second for a pipe. */
import { createLogUpdate } from 'log-update'
import type { LoadTotals } from '../model/load.ts'
import { figure } from '../report/words.ts'
import type { Streams } from './streams.ts'

const LINE_PERIOD_US = 1_000_000

export class LoadDisplay {
  #toldUs: number
  readonly #streams: Streams
  readonly #durationMs: number
  readonly #startedUs: number
  readonly #redraw: ReturnType<typeof createLogUpdate> | null

  constructor(streams: Streams, durationMs: number, startedUs: number) {
    this.#streams = streams
    this.#durationMs = durationMs
    this.#startedUs = startedUs
    this.#toldUs = startedUs
    this.#redraw = streams.stderr.isTTY ? createLogUpdate(streams.stderr) : null
  }

  progress(totals: LoadTotals, atUs: number): void {
    const line = this.#line(totals, atUs)
    if (this.#redraw !== null) return this.#redraw(line)
    if (atUs - this.#toldUs < LINE_PERIOD_US) return
    this.#toldUs = atUs
    this.#streams.stderr.write(`${line}\n`)
  }

  say(text: string): void {
    this.#redraw?.clear()
    this.#streams.stderr.write(`${text}\n`)
  }

  end(): void {
    this.#redraw?.clear()
  }

  #line({ sent, failed, skipped }: LoadTotals, atUs: number): string {
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
    const elapsed = `${seconds((atUs - this.#startedUs) / 1000)} of ${seconds(this.#durationMs)}`
    const beside = skipped > 0 ? `, ${figure(skipped)} skipped` : ''
    return `${elapsed}: ${figure(sent)} sent, ${figure(failed)} failed${beside}`
  }
}
