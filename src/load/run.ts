/** One driver with its routes: what a plan asks for, from its start to its end. */
import type { Clock } from '../base/clock.ts'
import { seededRandom } from '../base/random.ts'
import type { LoadPlan, LoadTarget } from '../model/load.ts'
import { Driver, type DriverParts } from './driver.ts'
import { ForwardedRoutes } from './forwarding.ts'
import { fixedRoute, ownPortsRoute } from './routes.ts'
import { SourcePorts } from './source-ports.ts'
import { followTables, type TableStream } from './table-stream.ts'
import { needsWarmUp, warmUp } from './warm-up.ts'

export interface Run {
  /** Sends nothing more; the run ends when the open requests have. */
  stop(): void
  /** Ends the run now. */
  abort(): void
}

export interface RunParts extends Omit<DriverParts, 'clock' | 'routes' | 'onEnded'> {
  clock: Clock
  /** Called once. `exitCode`: 0, or 3 when the forwarding tables were lost and the measurement with them. */
  onEnded(exitCode: number): void
}

type AddressTarget = Extract<LoadTarget, { kind: 'address' }>
type ForwardingTarget = Extract<LoadTarget, { kind: 'forwarding' }>

/** A run that waits for its start. */
interface ReadyRun extends Run {
  start(): void
}

export function startRun(plan: LoadPlan, parts: RunParts): Run {
  const run =
    plan.target.kind === 'address'
      ? runTo(plan.target, plan, parts)
      : runThroughTables(plan.target, plan, parts)
  if (!needsWarmUp(plan)) {
    run.start()
    return run
  }
  let isOver = false
  warmUp(plan, parts.clock, () => {
    if (!isOver) run.start()
  })
  return {
    stop() {
      isOver = true
      run.stop()
    },
    abort() {
      isOver = true
      run.abort()
    },
  }
}

function runTo({ host, port }: AddressTarget, plan: LoadPlan, parts: RunParts): ReadyRun {
  const routes =
    plan.ownPorts === true ? ownPortsRoute(host, port, new SourcePorts(parts.clock)) : fixedRoute(host, port)
  return new Driver(plan, { ...parts, routes, onEnded: () => parts.onEnded(0) })
}

function runThroughTables(target: ForwardingTarget, plan: LoadPlan, parts: RunParts): ReadyRun {
  const random = seededRandom(plan.seed + (plan.share?.index ?? 0))
  const { clock } = parts
  const routes = new ForwardedRoutes(target.service, { random, clock, drivers: plan.share?.count ?? 1 })
  let exitCode = 0
  const driver = new Driver(plan, { ...parts, routes, onEnded: () => parts.onEnded(exitCode) })
  let tables: TableStream | null = null
  let started = false
  return {
    start() {
      tables = followTables(target, {
        onTable(table) {
          routes.adopt(table)
          if (!started) driver.start()
          started = true
        },
        onBroken(reason) {
          process.stderr.write(`load: the forwarding tables were lost: ${reason}\n`)
          exitCode = 3
          driver.abort()
        },
      })
    },
    // Nothing is sent any more, so the tables are no longer needed, and their end is no loss.
    stop() {
      tables?.close()
      driver.stop()
    },
    abort() {
      tables?.close()
      driver.abort()
    },
  }
}
