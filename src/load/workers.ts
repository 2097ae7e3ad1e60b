/**
 * A plan shared by several threads, where one core is not enough: request i is sent by worker i modulo their number.
 * Their lines go out as they come; what each says of itself is added up, and the sum must balance as each part does.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { present } from '../base/assert.ts'
import type { DriverLimits, LoadMessage, LoadPlan, LoadTotals } from '../model/load.ts'
import { assertBalance } from './books.ts'
import { mergeLimits } from './limit-watch.ts'
import { MessageWriter } from './message-writer.ts'
import { Recorder, type Chunk } from './recorder.ts'
import { startRun, type Run, type RunParts } from './run.ts'
import { summarize } from './summary.ts'

type WorkerMessage =
  /** Whole lines, for the way out. */
  | { type: 'lines'; text: string }
  | { type: 'message'; message: LoadMessage }
  | { type: 'recorded'; chunks: (Chunk | undefined)[] }
  | { type: 'exit'; code: number }
type Order = 'stop' | 'abort'

export interface PoolParts extends Pick<RunParts, 'emit' | 'onEnded'> {
  /** The program that calls `serveShare` when it is a worker. */
  program: URL
  write(lines: string): void
}

/** In the parent. */
export class WorkerPool implements Run {
  readonly #workers: Worker[]
  readonly #progress = new Map<number, { totals: LoadTotals; open: number }>()
  readonly #totals: LoadTotals[] = []
  readonly #limits: DriverLimits[] = []
  readonly #recorders: Recorder[] = []
  #started = false
  #running: number
  #exitCode = 0
  #endedUs = 0
  readonly #plan: LoadPlan
  readonly #parts: PoolParts

  constructor(plan: LoadPlan, parts: PoolParts) {
    const count = plan.workers ?? 1
    this.#plan = plan
    this.#parts = parts
    this.#running = count
    this.#workers = Array.from({ length: count }, (_, index) => {
      const share: LoadPlan = { ...plan, share: { index, count } }
      const worker = new Worker(parts.program, { workerData: share })
      worker.on('message', (message: WorkerMessage) => this.#hear(index, message))
      worker.on('error', error => {
        throw error
      })
      return worker
    })
  }

  stop(): void {
    this.#order('stop')
  }

  abort(): void {
    this.#order('abort')
  }

  #order(order: Order): void {
    for (const worker of this.#workers) worker.postMessage(order)
  }

  #hear(index: number, heard: WorkerMessage): void {
    switch (heard.type) {
      case 'lines':
        return this.#parts.write(heard.text)
      case 'message':
        return this.#take(index, heard.message)
      case 'recorded':
        this.#recorders.push(new Recorder(this.#workers.length, heard.chunks))
        return
      case 'exit':
        this.#running -= 1
        this.#exitCode = Math.max(this.#exitCode, heard.code)
        if (this.#running === 0) this.#end()
    }
  }

  #take(index: number, message: LoadMessage): void {
    switch (message.type) {
      case 'started':
        if (!this.#started) this.#parts.emit(message)
        this.#started = true
        return
      case 'progress': {
        this.#progress.set(index, message)
        if (index !== 0) return
        const all = [...this.#progress.values()]
        const open = all.reduce((sum, each) => sum + each.open, 0)
        return this.#parts.emit({ ...message, totals: addUp(all.map(({ totals }) => totals)), open })
      }
      case 'limits':
        this.#limits[index] = message.limits
        return
      case 'ended':
        this.#totals.push(message.totals)
        this.#endedUs = Math.max(this.#endedUs, message.atUs)
        return
      default:
        return this.#parts.emit(message)
    }
  }

  #end(): void {
    const { emit, onEnded } = this.#parts
    const totals = addUp(this.#totals)
    assertBalance(totals)
    emit({ type: 'limits', limits: mergeLimits(this.#limits.filter(Boolean)) })
    if (this.#plan.record === 'summary') emit({ type: 'summary', summary: summarize(this.#recorders) })
    emit({ type: 'ended', totals, atUs: this.#endedUs })
    onEnded(this.#exitCode)
  }
}

function addUp(all: readonly LoadTotals[]): LoadTotals {
  const sum: LoadTotals = { scheduled: 0, sent: 0, skipped: 0, succeeded: 0, failed: 0, unresolved: 0 }
  for (const totals of all)
    for (const name of Object.keys(sum) as (keyof LoadTotals)[]) sum[name] += totals[name]
  return sum
}

/** In a worker: its share of the plan, until it has ended. */
export function serveShare(): void {
  const port = present(parentPort, 'the port of a worker')
  const post = (message: WorkerMessage): void => port.postMessage(message)
  const lines = new MessageWriter({
    write(text, onWritten) {
      if (text !== '') post({ type: 'lines', text })
      onWritten?.()
    },
  })
  const run = startRun(workerData as LoadPlan, {
    emit(message) {
      if (message.type === 'sample') lines.emit(message)
      else post({ type: 'message', message })
    },
    onTurn: nowUs => lines.writeIfDue(nowUs),
    onRecorded: ({ chunks }) => post({ type: 'recorded', chunks }),
    onEnded(code) {
      lines.close(() => post({ type: 'exit', code }))
      port.close()
    },
  })
  port.on('message', (order: Order) => {
    if (order === 'stop') run.stop()
    else run.abort()
  })
}
