/**
 * One attempt of a probe, and one run of a lifecycle hook (semantics §4.4, §5.3). A probe that cannot be attempted at all
 * (its binary is missing) is an error, not a failure, and that difference decides whether a container is restarted.
 */
import { sleep, type Clock } from '../../base/clock.ts'
import type { Container, HttpGetAction, IntOrString, LifecycleHandler, Probe } from '../../kube/types.ts'
import type { Reach } from '../pod-network/pod-network.ts'
import type { RunningContainer } from './container-runtime.ts'
import { goDuration } from './go-duration.ts'
import { checkHealth } from './grpc-health.ts'
import { httpGet, type HttpTarget } from './http-get.ts'
import { tcpConnect } from './tcp-connect.ts'

export type ProbeOutcome =
  | { kind: 'success' }
  /** Counts as success, and is told. */
  | { kind: 'warning'; text: string }
  | { kind: 'failure'; text: string }
  | { kind: 'error'; text: string }

export type HookOutcome = { kind: 'ended' } | { kind: 'failed'; text: string }

export interface HandlerParts {
  clock: Clock
  kubernetesMinor: number
  podIP: string
  /** Where a port of the pod really is. */
  reach: (address: string, port: number) => Reach
  container: Container
  running: RunningContainer
}

export async function attemptProbe(probe: Probe, parts: HandlerParts): Promise<ProbeOutcome> {
  const limitMs = (probe.timeoutSeconds ?? 1) * 1000
  if (probe.exec !== undefined) return execProbe(probe.exec.command ?? [], parts, limitMs)
  if (probe.httpGet !== undefined) return httpProbe(probe.httpGet, parts, limitMs)
  if (probe.tcpSocket !== undefined) return tcpProbe(probe.tcpSocket, parts, limitMs)
  if (probe.grpc !== undefined) return grpcProbe(probe.grpc, parts, limitMs)
  return { kind: 'error', text: 'missing probe handler' }
}

async function execProbe(command: string[], parts: HandlerParts, limitMs: number): Promise<ProbeOutcome> {
  const outcome = await parts.running.exec(command, limitMs)
  switch (outcome.kind) {
    case 'could-not-start':
      return { kind: 'error', text: outcome.message }
    case 'timed-out':
      return {
        kind: 'failure',
        text: `command timed out: "${command.join(' ')}" timed out after ${goDuration(limitMs)}`,
      }
    case 'exited':
      return outcome.code === 0 ? { kind: 'success' } : { kind: 'failure', text: outcome.output }
  }
}

async function httpProbe(action: HttpGetAction, parts: HandlerParts, limitMs: number): Promise<ProbeOutcome> {
  const target = httpTarget(action, parts, `kube-probe/1.${parts.kubernetesMinor}`)
  if (target === null) return { kind: 'error', text: `couldn't resolve port ${action.port}` }
  const answer = await httpGet(parts.clock, target, limitMs)
  if (answer.kind === 'failed')
    return { kind: 'failure', text: `Get "${answer.url}": ${transportText(answer.code, target)}` }
  if (answer.redirectedAway)
    return { kind: 'warning', text: `Probe terminated redirects, Response body: ${answer.body}` }
  return answer.status >= 200 && answer.status < 400
    ? { kind: 'success' }
    : { kind: 'failure', text: `HTTP probe failed with statuscode: ${answer.status}` }
}

async function tcpProbe(
  action: { port: IntOrString; host?: string },
  parts: HandlerParts,
  limitMs: number,
): Promise<ProbeOutcome> {
  const port = resolvePort(action.port, parts.container)
  if (port === null) return { kind: 'error', text: `couldn't resolve port ${action.port}` }
  const host = action.host ?? parts.podIP
  const code = await tcpConnect(parts.clock, parts.reach(host, port), limitMs)
  if (code === null) return { kind: 'success' }
  if (code === 'timed-out') return { kind: 'failure', text: `dial tcp ${host}:${port}: i/o timeout` }
  return { kind: 'failure', text: transportText(code, { host, port }) }
}

/** Whatever goes wrong is a failure, never an error (pkg/probe/grpc). */
async function grpcProbe(
  { port, service = '' }: NonNullable<Probe['grpc']>,
  parts: HandlerParts,
  limitMs: number,
): Promise<ProbeOutcome> {
  const userAgent = `kube-probe/1.${parts.kubernetesMinor}`
  const target = { host: parts.podIP, port, service, userAgent }
  const answer = await checkHealth(parts.clock, target, limitMs)
  const failure = (text: string): ProbeOutcome => ({ kind: 'failure', text })
  switch (answer.kind) {
    case 'answered':
      return answer.status === 'SERVING'
        ? { kind: 'success' }
        : failure(`service unhealthy (responded with "${answer.status}")`)
    case 'not-connected':
      return failure(
        `timeout: failed to connect service "${parts.podIP}:${port}" within ${goDuration(limitMs)}: context deadline exceeded`,
      )
    case 'too-late':
      return failure(`timeout: health rpc did not complete within ${goDuration(limitMs)}`)
    case 'refused':
      return failure(refusalText(answer.code, answer.message, limitMs))
  }
}

function refusalText(code: string, message: string, limitMs: number): string {
  if (code === 'Unimplemented')
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`
  if (code === 'DeadlineExceeded') return `timeout: health rpc did not complete within ${goDuration(limitMs)}`
  return `error: health rpc probe failed: rpc error: code = ${code} desc = ${message}`
}

/** Any status is success for a hook; only transport errors fail. */
export async function runHook(handler: LifecycleHandler, parts: HandlerParts): Promise<HookOutcome> {
  if (handler.sleep !== undefined) {
    await sleep(parts.clock, handler.sleep.seconds * 1000)
    return { kind: 'ended' }
  }
  if (handler.exec !== undefined) {
    const outcome = await parts.running.exec(handler.exec.command ?? [], null)
    if (outcome.kind === 'could-not-start') return { kind: 'failed', text: outcome.message }
    if (outcome.kind === 'exited' && outcome.code === 0) return { kind: 'ended' }
    return {
      kind: 'failed',
      text: `command exited with ${outcome.kind === 'exited' ? outcome.code : outcome.kind}`,
    }
  }
  if (handler.httpGet !== undefined) {
    const target = httpTarget(handler.httpGet, parts, `kube-lifecycle/1.${parts.kubernetesMinor}`)
    if (target === null) return { kind: 'failed', text: `couldn't resolve port ${handler.httpGet.port}` }
    const answer = await httpGet(parts.clock, target, null)
    if (answer.kind === 'answered') return { kind: 'ended' }
    return { kind: 'failed', text: transportText(answer.code, target) }
  }
  return { kind: 'failed', text: 'invalid handler' }
}

function httpTarget(action: HttpGetAction, parts: HandlerParts, userAgent: string): HttpTarget | null {
  const port = resolvePort(action.port, parts.container)
  if (port === null) return null
  const headers: Record<string, string> = { 'user-agent': userAgent, accept: '*/*' }
  for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value
  const path = action.path ?? '/'
  const host = action.host ?? parts.podIP
  return {
    scheme: action.scheme === 'HTTPS' ? 'https' : 'http',
    host,
    port,
    reach: parts.reach(host, port),
    path: path.startsWith('/') ? path : `/${path}`,
    headers,
  }
}

/** A port by number, or by the name that the container declares. */
export function resolvePort(port: IntOrString, container: Container): number | null {
  if (typeof port === 'number') return port
  const named = container.ports?.find(({ name }) => name === port)
  if (named !== undefined) return named.containerPort
  const number = Number(port)
  return Number.isInteger(number) && number > 0 ? number : null
}

function transportText(code: string, { host, port }: { host: string; port: number }): string {
  switch (code) {
    case 'timed-out':
      return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    case 'ECONNREFUSED':
      return `dial tcp ${host}:${port}: connect: connection refused`
    case 'ECONNRESET':
      return `read tcp ${host}:${port}: read: connection reset by peer`
    case 'closed':
      return 'EOF'
    case 'EHOSTUNREACH':
      return `dial tcp ${host}:${port}: connect: no route to host`
    default:
      return code
  }
}
