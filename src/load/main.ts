/**
 * The load driver's program. In: one line, the plan, and later perhaps `{"type":"stop"}`. Out: lines of LoadMessage.
 * Exit codes: 0 the run ended, 2 the plan was wrong, 3 the forwarding tables were lost and so was the measurement.
 * When its parent dies, its standard input closes, and it ends.
 */
import { isMainThread } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import { LineSplitter } from '../base/ndjson.ts'
import type { LoadPlan } from '../model/load.ts'
import { MessageWriter } from './message-writer.ts'
import { parsePlan } from './plan.ts'
import { startRun, type Run } from './run.ts'
import { serveShare, WorkerPool } from './workers.ts'

/** How long the last lines may take to be read when nobody has asked for them. */
const LAST_WORDS_MS = 5000

function start(plan: LoadPlan): Run {
  const writer = new MessageWriter(process.stdout)
  const onEnded = (code: number): void => writer.close(() => process.exit(code))
  if ((plan.workers ?? 1) === 1) {
    const emit = writer.emit.bind(writer)
    return startRun(plan, { emit, onTurn: nowUs => writer.writeIfDue(nowUs), onEnded })
  }
  return new WorkerPool(plan, {
    program: new URL(import.meta.url),
    emit(message) {
      writer.emit(message)
      writer.flush()
    },
    write: lines => void process.stdout.write(lines),
    onEnded,
  })
}

function main(): void {
  let run: Run | null = null
  let stopping = false
  const lines = new LineSplitter(line => {
    if (run === null) {
      const { plan, problems } = parsePlan(line)
      if (problems !== null) return refuse(problems)
      run = start(plan)
    } else if (isStop(line)) {
      stopping = true
      run.stop()
    } else {
      process.stderr.write('load: a line after the plan is not a stop\n')
    }
  })
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (text: string) => lines.push(text))
  process.stdin.on('close', () => {
    if (run === null) refuse(['there is none'])
    else if (!stopping) abandon(run)
  })
  process.stdin.on('error', () => process.stdin.destroy())
  // Nobody reads any more: there is nobody to tell, either.
  process.stdout.on('error', () => process.exit(0))
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (run === null) process.exit(0)
      abandon(run)
    })
}

/** Ends at once, with the books closed if there is still somebody to read them. */
function abandon(run: Run): void {
  run.abort()
  systemClock.after(LAST_WORDS_MS, () => process.exit(1))
}

function refuse(problems: string[]): never {
  process.stderr.write(problems.map(problem => `load: the plan: ${problem}\n`).join(''))
  process.exit(2)
}

function isStop(line: string): boolean {
  try {
    return (JSON.parse(line) as { type?: unknown } | null)?.type === 'stop'
  } catch {
    return false
  }
}

if (isMainThread) main()
else serveShare()
