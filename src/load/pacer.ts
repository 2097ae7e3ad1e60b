/**
 * When requests are due: a pure function of the plan and the time. At a constant rate an instant is computed by
 * multiplication from one origin, never by adding up periods, so neither rounding nor a late turn of the loop can shift
 * the schedule.
 */
import type { Random } from '../base/random.ts'
import type { RateStep, WorkerShare } from '../model/load.ts'

export interface Pace {
  /** The instant of request 0. */
  originUs: number
  ratePerSecond: number
}

/** The instants at which requests are due, in order; Infinity when there are no more. */
export type DueTimes = () => number

export function scheduledAtUs(pace: Pace, index: number): number {
  return Math.round(pace.originUs + (index * 1_000_000) / pace.ratePerSecond)
}

/**
 * One pace per rate, all begun at `startUs`, each shifted by a fraction of the shortest period. Rates that divide each
 * other (200/s, 100/s, 10/s) would otherwise fall due in the same millisecond for the whole run.
 */
export function staggeredPaces(ratesPerSecond: readonly number[], startUs: number): Pace[] {
  const shortestPeriodUs = 1_000_000 / Math.max(...ratesPerSecond)
  return ratesPerSecond.map((ratePerSecond, position) => ({
    originUs: startUs + (position / ratesPerSecond.length) * shortestPeriodUs,
    ratePerSecond,
  }))
}

export function constantTimes(pace: Pace): DueTimes {
  let index = 0
  return () => scheduledAtUs(pace, index++)
}

/** Each step is a constant rate from its own origin. The last one goes on for as long as it is asked. */
export function steppedTimes(steps: readonly RateStep[], startUs: number): DueTimes {
  let position = 0
  let originUs = startUs
  let index = 0
  return () => {
    for (let step = steps[position]; step !== undefined; step = steps[position]) {
      const endUs = originUs + step.durationMs * 1000
      const dueUs = scheduledAtUs({ originUs, ratePerSecond: step.ratePerSecond }, index)
      const isLast = position === steps.length - 1
      if (step.ratePerSecond > 0 && (isLast || dueUs < endUs)) {
        index += 1
        return dueUs
      }
      if (isLast) break
      position += 1
      originUs = endUs
      index = 0
    }
    return Number.POSITIVE_INFINITY
  }
}

/** Independent arrivals: the waits between them are exponential. */
export function poissonTimes(pace: Pace, random: Random): DueTimes {
  let atUs = pace.originUs
  return () => {
    atUs += (-Math.log(1 - random.next()) * 1_000_000) / pace.ratePerSecond
    return Math.round(atUs)
  }
}

/** Every `count`-th instant, beginning with `index`: what one worker of several sends. */
export function shareOf(times: DueTimes, { index, count }: WorkerShare): DueTimes {
  if (count === 1) return times
  let ahead = index
  return () => {
    for (; ahead > 0; ahead--) times()
    ahead = count - 1
    return times()
  }
}
