import type { Advice } from './problems.ts'
import type { Path } from './yaml-source.ts'

/** A mistake that no single key shows, and the key at which it is told. */
export interface Inconsistency {
  path: Path
  message: string
  advice: Advice
}
