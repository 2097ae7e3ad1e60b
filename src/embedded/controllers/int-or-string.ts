/** A count or a percentage of a total, rounded up or down (semantics §1.2). */
import type { IntOrString } from '../../kube/types.ts'

export function scaledCount(value: IntOrString, total: number, round: 'up' | 'down'): number {
  if (typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value)?.[1]
  // The API server lets nothing else pass; a plain number in quotes counts as that number.
  if (percent === undefined) return Number.parseInt(value, 10) || 0
  const exact = (Number(percent) * total) / 100
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact)
}
