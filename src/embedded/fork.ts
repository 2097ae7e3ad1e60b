/** A random source of its own for each part, so that the draws of one do not depend on those of another. */
import { seededRandom, type Random } from '../base/random.ts'

export function fork(random: Random): Random {
  return seededRandom(Math.floor(random.between(0, 2 ** 32)))
}
