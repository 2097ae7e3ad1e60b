/**
 * How late the driver was around an instant, by its own account: what it sent late it also noticed late. A failure that
 * a late driver reports 200 ms after the server closed the connection is still that close's doing.
 */
import type { DriverStall, Sample } from '../model/load.ts'

/** Wide enough to hold several requests at the lowest rate, narrow enough to be about this instant. */
const windowUs = 250_000

/** Returns the greatest delay that was seen in the window around an instant, in µs. */
export function measureDriverDelay(
  samples: readonly Sample[],
  stalls: readonly DriverStall[],
): (atUs: number) => number {
  const greatest = new Map<number, number>()
  const note = (atUs: number, delayUs: number): void => {
    const window = Math.floor(atUs / windowUs)
    greatest.set(window, Math.max(greatest.get(window) ?? 0, delayUs))
  }
  for (const { scheduledUs, sentUs } of samples) {
    if (sentUs !== null) note(sentUs, sentUs - scheduledUs)
  }
  for (const { fromUs, toUs } of stalls) note(toUs, toUs - fromUs)
  return atUs => {
    const window = Math.floor(atUs / windowUs)
    return Math.max(...[window - 1, window, window + 1].map(each => greatest.get(each) ?? 0))
  }
}
