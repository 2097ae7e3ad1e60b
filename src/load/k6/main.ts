/**
 * k6 in the place of the load driver: the same one way in (a plan, later perhaps a stop) and the same one way out (lines
 * of LoadMessage), so that a parent sees no difference. Exit codes: 0 the run ended, 2 the plan was wrong, 3 k6 broke
 * off. When the parent dies, standard input closes, and k6 ends with this program; when this one is killed, a watchdog
 * ends k6.
 */
import { systemClock } from '../../base/clock.ts'
import { LineSplitter } from '../../base/ndjson.ts'
import { programPath } from '../../base/package-root.ts'
import { messageOf } from '../../base/message-of.ts'
import { MessageWriter } from '../message-writer.ts'
import { K6Run } from './k6-run.ts'
import { parseK6Plan } from './plan.ts'
import { runWatchdog, startWatchdog, WATCH_ARGUMENT } from './watchdog.ts'

/** k6 compiles, prepares its users, and lets open requests end: all of that beside the load itself. */
const AROUND_LOAD_MS = 120_000
const LAST_WORDS_MS = 5000

function main(): void {
  let begun = false
  let stopping = false
  let run: K6Run | null = null
  const lines = new LineSplitter(line => {
    if (!begun) {
      begun = true
      startRun(line).then(
        started => {
          run = started
          if (stopping) run.stop()
        },
        (error: unknown) => fail(error),
      )
    } else if (isStop(line)) {
      stopping = true
      run?.stop()
    } else {
      process.stderr.write('k6-load: a line after the plan is not a stop\n')
    }
  })
  const abandon = (): void => {
    if (run === null) process.exit(0)
    run.abort()
    systemClock.after(LAST_WORDS_MS, () => process.exit(1))
  }
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (text: string) => lines.push(text))
  process.stdin.on('close', () => {
    if (!begun) refuse(['there is none'])
    else if (!stopping) abandon()
  })
  process.stdin.on('error', () => process.stdin.destroy())
  // Nobody reads any more: k6 goes with this program.
  process.stdout.on('error', () => process.exit(0))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, abandon)
}

async function startRun(line: string): Promise<K6Run> {
  const parsed = parseK6Plan(line)
  if (!parsed.ok) return refuse(parsed.problems)
  const { plan, order, target } = parsed
  const writer = new MessageWriter(process.stdout)
  return K6Run.start(plan, order, target, {
    clock: systemClock,
    watchdog: startWatchdog(programPath('k6-load'), plan.maxDurationMs + AROUND_LOAD_MS),
    emit: message => writer.emit(message),
    onTurn: nowUs => writer.writeIfDue(nowUs),
    onEnded(reason) {
      if (reason !== null) process.stderr.write(`k6-load: ${reason}\n`)
      writer.close(() => process.exit(reason === null ? 0 : 3))
    },
  })
}

function refuse(problems: string[]): never {
  process.stderr.write(problems.map(problem => `k6-load: the plan: ${problem}\n`).join(''))
  process.exit(2)
}

function fail(error: unknown): never {
  process.stderr.write(`k6-load: ${messageOf(error)}\n`)
  process.exit(3)
}

function isStop(line: string): boolean {
  try {
    return (JSON.parse(line) as { type?: unknown } | null)?.type === 'stop'
  } catch {
    return false
  }
}

if (process.argv[2] === WATCH_ARGUMENT) runWatchdog(Number(process.argv[3]))
else main()
