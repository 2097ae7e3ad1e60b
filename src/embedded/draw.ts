import type { Random } from '../base/random.ts'
import type { Range } from './settings.ts'

/** One draw of a setting that is a range. */
export function draw(random: Random, range: Range): number {
  return random.between(range.low, range.high)
}
