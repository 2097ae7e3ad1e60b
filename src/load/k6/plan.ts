/** What this program needs of a plan beyond what any driver needs. */
import type { K6Order, LoadPlan } from '../../model/load.ts'
import { parsePlan } from '../plan.ts'

export type ParsedK6Plan =
  { ok: true; plan: LoadPlan; order: K6Order; target: string } | { ok: false; problems: string[] }

export function parseK6Plan(line: string): ParsedK6Plan {
  const { plan, problems } = parsePlan(line)
  if (problems !== null) return { ok: false, problems }
  const { k6: order, target } = plan
  if (target.kind !== 'address') return { ok: false, problems: ['target.kind must be address: k6 dials one'] }
  if (!isOrder(order))
    return { ok: false, problems: ['k6 must name an executable, its version and a script or null'] }
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  return { ok: true, plan, order, target: `${host}:${target.port}` }
}

function isOrder(order: unknown): order is K6Order {
  if (typeof order !== 'object' || order === null) return false
  const { executable, version, script } = order as Partial<Record<keyof K6Order, unknown>>
  return (
    typeof executable === 'string' &&
    typeof version === 'string' &&
    (script === null || typeof script === 'string')
  )
}
