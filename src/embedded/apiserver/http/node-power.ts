/** `POST /rollproof/v1/nodes/<node>/crash|restart|shutdown`: what happens to machines, which Kubernetes has no API for. */
import { badRequest, methodNotAllowed } from '../api-errors.ts'
import { sendJson, type Exchange } from './exchange.ts'
import type { ServerContext } from './server-context.ts'

const switches = /^\/rollproof\/v1\/nodes\/([^/]+)\/(crash|restart|shutdown)$/

/** Kubernetes's documentation of GracefulNodeShutdown uses these two as its example. */
const defaultGraceSeconds = 30
const defaultCriticalGraceSeconds = 10

/** False when the path is none of these. */
export async function switchNode({ nodes }: ServerContext, exchange: Exchange): Promise<boolean> {
  const [, encoded = '', action] = switches.exec(exchange.path) ?? []
  if (nodes === undefined || action === undefined) return false
  if (exchange.method !== 'POST') throw methodNotAllowed()
  const node = decodeURIComponent(encoded)
  if (action === 'crash') await nodes.crash(node)
  else if (action === 'restart') await nodes.restart(node)
  else nodes.shutDown(node, graceOf(exchange))
  sendJson(exchange, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 200 })
  return true
}

function graceOf({ query }: Exchange): { totalSeconds: number; criticalSeconds: number } {
  const totalSeconds = seconds(query, 'gracePeriodSeconds') ?? defaultGraceSeconds
  const criticalSeconds =
    seconds(query, 'criticalGracePeriodSeconds') ??
    Math.min(defaultCriticalGraceSeconds, Math.floor(totalSeconds / 3))
  if (criticalSeconds > totalSeconds)
    throw badRequest('criticalGracePeriodSeconds must not be more than gracePeriodSeconds')
  return { totalSeconds, criticalSeconds }
}

function seconds(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)
  if (text === null) return null
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`${name} must be a whole number of seconds, not "${text}"`)
  return Number(text)
}
