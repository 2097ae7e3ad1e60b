/** One driver with its routes: what a plan asks for, from its start to its end. */
import type { Clock } from '../base/clock.ts'
import { seededRandom } from '../base/random.ts'
import type { LoadPlan } from '../model/load.ts'
import { Driver, type DriverParts } from './driver.ts'
import { ForwardedRoutes } from './forwarding.ts'
import { fixedRoute, ownPortsRoute, type Routes } from './routes.ts'
import { SourcePorts } from './source-ports.ts'
import { followTables } from './table-stream.ts'

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

export function startRun(plan: LoadPlan, parts: RunParts): Run {
  const { target } = plan
  const { clock } = parts
  let exitCode = 0
  const start = (routes: Routes): Driver =>
    new Driver(plan, { ...parts, routes, onEnded: () => parts.onEnded(exitCode) })
  if (target.kind === 'address') {
    const { host, port } = target
    const driver = start(
      plan.ownPorts === true ? ownPortsRoute(host, port, new SourcePorts(clock)) : fixedRoute(host, port),
    )
    driver.start()
    return driver
  }
  const routes = new ForwardedRoutes(
    target.service,
    seededRandom(plan.seed + (plan.share?.index ?? 0)),
    clock,
  )
  const driver = start(routes)
  let started = false
  const tables = followTables(target, {
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
