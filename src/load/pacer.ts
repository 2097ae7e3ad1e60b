/**
 * When requests are due: a pure function of the plan and the time. An instant is computed by multiplication from one
 * origin, never by adding up periods, so neither rounding nor a late turn of the loop can shift the schedule.
 */
export interface Pace {
  /** The instant of request 0. */
  originUs: number
  ratePerSecond: number
}

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
