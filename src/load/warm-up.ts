/**
 * A driver that has just been started runs code that is compiled as it goes: its first thousands of requests cost several
 * times what the later ones do. At a high rate it would fall behind, open connections beyond those it was asked for, and
 * skip what it could not send. So it is driven first, hard and shortly, against a listener of its own, and the schedule
 * begins after that. Nothing of it reaches the target, the books or the recording.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { LoadPlan, PopulationProfile } from '../model/load.ts'
import { Driver } from './driver.ts'
import { fixedRoute } from './routes.ts'

/** Below this, even cold code keeps up, and a core has better things to do. */
const WORTH_FROM_PER_SECOND = 1000
const DURATION_MS = 150
/** For each population. */
const CONCURRENCY = 20
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'

/** Is the load such that its first requests would suffer? Only plain HTTP/1.1 is warmed up. */
export function needsWarmUp({ profile, target, share }: LoadPlan): boolean {
  if ((target.tls ?? null) !== null || share?.startAtUs !== undefined) return false
  if (profile.populations.some(({ protocol = 'http/1.1' }) => protocol !== 'http/1.1')) return false
  const rates = profile.populations.map(highestRateOf)
  return rates.reduce((sum, rate) => sum + rate, 0) / (share?.count ?? 1) >= WORTH_FROM_PER_SECOND
}

function highestRateOf({ pacing, ratePerSecond, steps }: PopulationProfile): number {
  if (pacing === 'closed') return Number.POSITIVE_INFINITY
  return steps === undefined ? ratePerSecond : Math.max(...steps.map(step => step.ratePerSecond))
}

/** Calls `onWarm` once, also where nothing could be warmed up. */
export function warmUp(plan: LoadPlan, clock: Clock, onWarm: () => void): void {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', bytes => {
      socket.write(ANSWER)
      if (bytes.includes('Connection: close')) socket.end()
    })
  })
  const end = (): void => {
    for (const socket of sockets) socket.destroy()
    server.close()
    onWarm()
  }
  server.once('error', onWarm)
  server.listen(0, '127.0.0.1', () => {
    // From here on it is the driver's end that counts, and that is sure to come.
    server.off('error', onWarm).on('error', () => undefined)
    const { port } = server.address() as AddressInfo
    const driver = new Driver(warmUpPlan(plan, port), {
      clock,
      routes: fixedRoute('127.0.0.1', port),
      emit: () => undefined,
      onTurn: () => undefined,
      onRecorded: () => undefined,
      onEnded: end,
    })
    driver.start()
  })
}

/** Small requests of the sample app's kind: each comes in one piece, and is answered at once. */
function warmUpPlan(plan: LoadPlan, port: number): LoadPlan {
  const quick = { postShare: 0, streamShare: 0, answerMs: 0, uploadMs: 0 }
  return {
    ...plan,
    target: { kind: 'address', host: '127.0.0.1', port },
    request: null,
    probes: false,
    ownPorts: false,
    maxDurationMs: DURATION_MS,
    profile: {
      ...plan.profile,
      populations: plan.profile.populations.map(population => ({
        ...population,
        ...quick,
        pacing: 'closed',
        concurrency: CONCURRENCY,
      })),
    },
  }
}
