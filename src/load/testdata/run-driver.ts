/** Runs a driver inside the test's process until it has ended, and gives back all it told. */
import { systemClock, type Clock } from '../../base/clock.ts'
import { present } from '../../base/assert.ts'
import type { DriverStall, LoadMessage, LoadPlan, LoadTotals, Sample } from '../../model/load.ts'
import { unpackSample } from '../../model/sample-row.ts'
import type { FakeClock } from '../../testing/fake-clock.ts'
import { turns } from '../../testing/turns.ts'
import { Driver } from '../driver.ts'
import { fixedRoute, type Routes } from '../routes.ts'

/** Longer than the driver's loop rests, and far below what it calls a stall. */
const LONGEST_STEP_US = 20_000

/**
 * Real time, except that it does not pass while the process stands still: on a machine that has no core for the test,
 * the driver would rightly skip what it is late with, and the counts would be chance.
 */
export function patientClock(): Clock {
  let lastUs = systemClock.nowUs()
  let nowUs = lastUs
  /** How far the time may go until the next timer fires. */
  let leftUs = LONGEST_STEP_US
  return {
    ...systemClock,
    nowUs() {
      const realUs = systemClock.nowUs()
      const stepUs = Math.min(realUs - lastUs, leftUs)
      lastUs = realUs
      leftUs -= stepUs
      nowUs += stepUs
      return nowUs
    },
    after: (delayMs, action) =>
      systemClock.after(delayMs, () => {
        leftUs = LONGEST_STEP_US
        action()
      }),
  }
}

export interface DriverAccount {
  messages: LoadMessage[]
  samples: Sample[]
  stalls: DriverStall[]
  totals: LoadTotals
}

export interface StartedDriver {
  driver: Driver
  messages: LoadMessage[]
  ended: Promise<DriverAccount>
}

export function startDriver(
  plan: LoadPlan,
  parts: { clock?: Clock; routes?: Routes; onTurn?: () => void } = {},
): StartedDriver {
  const messages: LoadMessage[] = []
  const end: { reached?: () => void } = {}
  const ended = new Promise<void>(resolve => (end.reached = resolve))
  const driver = new Driver(plan, {
    clock: parts.clock ?? patientClock(),
    routes: parts.routes ?? addressOf(plan),
    emit: message => messages.push(message),
    onTurn: () => parts.onTurn?.(),
    onEnded: () => end.reached?.(),
  })
  driver.start()
  return { driver, messages, ended: ended.then(() => accountOf(messages)) }
}

export function runDriver(plan: LoadPlan, parts: Parameters<typeof startDriver>[1] = {}): Promise<DriverAccount> {
  return startDriver(plan, parts).ended
}

export function accountOf(messages: LoadMessage[]): DriverAccount {
  const ended = messages.find(message => message.type === 'ended')
  return {
    messages,
    samples: messages.flatMap(message => (message.type === 'sample' ? [unpackSample(message.row)] : [])),
    stalls: messages.flatMap(message => (message.type === 'stall' ? [message.stall] : [])),
    totals: present(ended, 'the ended line').totals,
  }
}

function addressOf({ target }: LoadPlan): Routes {
  if (target.kind !== 'address') throw new TypeError('a forwarding target needs its routes')
  return fixedRoute(target.host, target.port)
}

/** Moves a fake clock forward by `ms` in steps, with real sockets doing their part after each. */
export async function play(clock: FakeClock, ms: number, stepMs: number): Promise<void> {
  for (let step = 0; step < ms / stepMs; step++) {
    clock.advance(stepMs)
    await turns(20)
  }
}
