/**
 * A clock that is wrong on purpose. The nodes of one machine share its clock, so a relation of clocks that were only
 * ever the same would be untested: with this variable a driver's clock is hours off, and drifts.
 */
import type { Clock } from '../base/clock.ts'

/** `<offset in µs>,<drift in parts per million>` */
export const skewVariable = 'ROLLPROOF_CLOCK_SKEW'

export function skewedClock(clock: Clock, skew: string | undefined): Clock {
  const [offsetUs, driftPpm] = (skew ?? '').split(',').map(Number)
  if (skew === undefined || !Number.isFinite(offsetUs) || !Number.isFinite(driftPpm)) return clock
  const startUs = clock.nowUs()
  return {
    nowUs() {
      const trueUs = clock.nowUs()
      return Math.round(trueUs + Number(offsetUs) + ((trueUs - startUs) * Number(driftPpm)) / 1e6)
    },
    after: (delayMs, action) => clock.after(delayMs, action),
    afterReads: action => clock.afterReads(action),
  }
}
