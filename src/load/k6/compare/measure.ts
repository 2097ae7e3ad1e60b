/** One driver against one fault: what was done to its requests, and what it saw. */
import { startChild } from '../../../base/child.ts'
import { systemClock } from '../../../base/clock.ts'
import { programPath } from '../../../base/package-root.ts'
import type { DriverAccount } from '../../../model/driver-comparison.ts'
import { failureClass } from '../../../model/failure-class.ts'
import type { K6Order, LoadMessage, LoadPlan, LoadTotals } from '../../../model/load.ts'
import { unpackSample } from '../../../model/sample-row.ts'
import type { Fault } from './faults.ts'
import { startFaultServer, unusedPort, type FaultServer } from './fault-server.ts'

const EVERY_NTH = 10
const RATE_PER_SECOND = 100
const CONNECTIONS = 10
const REQUESTS_WANTED = 300
const TIMEOUT_MS = 1500
/** Beyond it, a driver that does not get to its requests is stopped, and shown with what it did. */
const LIMIT_MS = 60_000
const KILL_GRACE_MS = 15_000

export async function measure(fault: Fault, k6: K6Order | null): Promise<DriverAccount> {
  const server =
    fault.misdeed === null
      ? null
      : await startFaultServer(fault.misdeed, EVERY_NTH, fault.population !== 'fresh')
  const port = server?.port ?? (await unusedPort())
  const counts = { byClass: {} as Record<string, number>, reported: 0 }
  const totals = await drive(planFor(fault, port, k6), message => {
    if (message.type !== 'sample') return
    const itsClass = failureClass(unpackSample(message.row).outcome)
    if (itsClass === null) return
    counts.reported += 1
    counts.byClass[itsClass] = (counts.byClass[itsClass] ?? 0) + 1
  })
  const seen = { ...counts, sent: totals.sent, ...truthOf(server, totals) }
  await server?.close()
  const rightNames = Object.keys(seen.byClass).every(name => fault.classes.some(each => each === name))
  return { ...seen, exact: seen.injected > 0 && seen.reported === seen.injected && rightNames }
}

function truthOf(server: FaultServer | null, { sent }: LoadTotals): { injected: number; sentAgain: number } {
  if (server === null) return { injected: sent, sentAgain: 0 }
  const { injected, sentAgain } = server.truth()
  return { injected, sentAgain }
}

/** Until the driver has sent enough, by its own account: it stops at its own pace, however slow the machine is. */
async function drive(plan: LoadPlan, onMessage: (message: LoadMessage) => void): Promise<LoadTotals> {
  const told: { totals: LoadTotals | null } = { totals: null }
  let stopped = false
  const stop = (): void => {
    if (stopped) return
    stopped = true
    child.send({ type: 'stop' })
  }
  const program = programPath(plan.k6 === undefined ? 'load' : 'k6-load')
  const child = startChild(program, [], systemClock, line => {
    const message = JSON.parse(line) as LoadMessage
    onMessage(message)
    if (message.type === 'progress' && message.totals.sent >= REQUESTS_WANTED) stop()
    if (message.type === 'ended') told.totals = message.totals
  })
  child.send(plan)
  const limit = systemClock.after(LIMIT_MS, () => {
    stop()
    void child.stop(KILL_GRACE_MS)
  })
  const { stderr } = await child.ended
  limit.cancel()
  if (told.totals === null)
    throw new Error(`the driver gave no account of itself: ${stderr || 'no reason given'}`)
  return told.totals
}

function planFor({ population, posts }: Fault, port: number, k6: K6Order | null): LoadPlan {
  const share = posts ? 1 : 0
  const connections = population === 'fresh' ? 0 : CONNECTIONS
  return {
    version: 1,
    runPrefix: '00c0ffee',
    target: { kind: 'address', host: '127.0.0.1', port },
    host: 'fault-server',
    profile: {
      populations: [
        {
          population,
          ratePerSecond: RATE_PER_SECOND,
          connections,
          postShare: share,
          streamShare: 0,
          answerMs: 0,
        },
      ],
      connectTimeoutMs: TIMEOUT_MS,
      firstByteTimeoutMs: TIMEOUT_MS,
    },
    seed: 1,
    maxDurationMs: LIMIT_MS,
    maxInFlight: 1000,
    ...(k6 === null ? {} : { k6 }),
  }
}
