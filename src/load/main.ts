/**
 * The load driver's program. In: one line, the plan, and later perhaps `{"type":"stop"}`. Out: lines of LoadMessage.
 * Exit codes: 0 the run ended, 2 the plan was wrong, 3 the forwarding tables were lost and so was the measurement.
 * When its parent dies, its standard input closes, and it ends.
 */
import { systemClock } from '../base/clock.ts'
import { LineSplitter } from '../base/ndjson.ts'
import { seededRandom } from '../base/random.ts'
import type { LoadPlan } from '../model/load.ts'
import { Driver } from './driver.ts'
import { ForwardedRoutes } from './forwarding.ts'
import { MessageWriter } from './message-writer.ts'
import { parsePlan } from './plan.ts'
import { fixedRoute, type Routes } from './routes.ts'
import { followTables } from './table-stream.ts'

/** How long the last lines may take to be read when nobody has asked for them. */
const LAST_WORDS_MS = 5000

interface Run {
  stop(): void
  abort(): void
}

function startRun(plan: LoadPlan): Run {
  const { target } = plan
  if (target.kind === 'address') {
    const { driver } = createDriver(plan, fixedRoute(target.host, target.port))
    driver.start()
    return driver
  }
  const routes = new ForwardedRoutes(target.service, seededRandom(plan.seed), systemClock)
  const { driver, exitWith } = createDriver(plan, routes)
  let started = false
  const tables = followTables(target, {
    onTable(table) {
      routes.adopt(table)
      if (!started) driver.start()
      started = true
    },
    onBroken(reason) {
      process.stderr.write(`load: the forwarding tables were lost: ${reason}\n`)
      exitWith(3)
      driver.abort()
    },
  })
  return {
    // Nothing is sent any more, so the tables are no longer needed, and their end is no loss.
    stop() {
      tables.close()
      driver.stop()
    },
    abort() {
      tables.close()
      driver.abort()
    },
  }
}

function createDriver(plan: LoadPlan, routes: Routes): { driver: Driver; exitWith: (code: number) => void } {
  const writer = new MessageWriter(process.stdout)
  let exitCode = 0
  const driver = new Driver(plan, {
    clock: systemClock,
    routes,
    emit: message => writer.emit(message),
    onTurn: nowUs => writer.writeIfDue(nowUs),
    onEnded: () => writer.close(() => process.exit(exitCode)),
  })
  return { driver, exitWith: code => void (exitCode = code) }
}

function main(): void {
  let run: Run | null = null
  let stopping = false
  const lines = new LineSplitter(line => {
    if (run === null) {
      const { plan, problems } = parsePlan(line)
      if (problems !== null) return refuse(problems)
      run = startRun(plan)
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

main()
