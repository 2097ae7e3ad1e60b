/** A plan becomes a driver at work, with the routes that its target asks for. */
import type { Clock } from '../base/clock.ts'
import { seededRandom } from '../base/random.ts'
import type { LoadPlan } from '../model/load.ts'
import { Driver } from './driver.ts'
import { ForwardedRoutes } from './forwarding.ts'
import type { MessageSink } from './message-writer.ts'
import { fixedRoute, ownPortsRoute, type Routes } from './routes.ts'
import { SourcePorts } from './source-ports.ts'
import { followTables } from './table-stream.ts'

export interface Run {
  stop(): void
  abort(): void
}

/** `exitWith` is called before the sink is closed when the run is worth nothing. */
export function startRun(
  plan: LoadPlan,
  clock: Clock,
  sink: MessageSink,
  exitWith: (code: number) => void,
): Run {
  const { target } = plan
  const create = (routes: Routes): Driver =>
    new Driver(plan, {
      clock,
      routes,
      emit: message => sink.emit(message),
      onTurn: nowUs => sink.writeIfDue(nowUs),
      onEnded: () => sink.close(),
    })
  if (target.kind === 'address') {
    const { host, port } = target
    const driver = create(
      plan.ownPorts === true ? ownPortsRoute(host, port, new SourcePorts(clock)) : fixedRoute(host, port),
    )
    driver.start()
    return driver
  }
  const routes = new ForwardedRoutes(target.service, seededRandom(plan.seed), clock)
  const driver = create(routes)
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
