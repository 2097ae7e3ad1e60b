/** One driver with its routes: what a plan asks for, from its start to its end. */
import { systemClock } from '../base/clock.ts'
import { seededRandom } from '../base/random.ts'
import type { LoadPlan } from '../model/load.ts'
import { Driver, type DriverParts } from './driver.ts'
import { ForwardedRoutes } from './forwarding.ts'
import { fixedRoute, type Routes } from './routes.ts'
import { followTables } from './table-stream.ts'

export interface Run {
  /** Sends nothing more; the run ends when the open requests have. */
  stop(): void
  /** Ends the run now. */
  abort(): void
}

export interface RunParts extends Omit<DriverParts, 'clock' | 'routes' | 'onEnded'> {
  /** Called once. `exitCode`: 0, or 3 when the forwarding tables were lost and the measurement with them. */
  onEnded(exitCode: number): void
}

export function startRun(plan: LoadPlan, parts: RunParts): Run {
  const { target } = plan
  let exitCode = 0
  const start = (routes: Routes): Driver =>
    new Driver(plan, { ...parts, clock: systemClock, routes, onEnded: () => parts.onEnded(exitCode) })
  if (target.kind === 'address') {
    const driver = start(fixedRoute(target.host, target.port))
    driver.start()
    return driver
  }
  const routes = new ForwardedRoutes(
    target.service,
    seededRandom(plan.seed + (plan.share?.index ?? 0)),
    systemClock,
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
