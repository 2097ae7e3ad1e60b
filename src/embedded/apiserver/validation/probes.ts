/** Probes and lifecycle handlers (semantics §4.2, §5.3). */
import type * as kube from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { checkPortName } from './names.ts'
import type { Problems } from './problems.ts'

type Container = Draft<kube.Container>
type LifecycleHandler = Draft<kube.LifecycleHandler>
type Probe = Draft<kube.Probe>
type ProbeHandler = Draft<kube.ProbeHandler>

type Role = 'livenessProbe' | 'readinessProbe' | 'startupProbe'

export function checkProbes(problems: Problems, at: string, container: Container): void {
  for (const role of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[role]
    if (probe !== undefined) checkProbe(problems, `${at}.${role}`, role, probe)
  }
}

function checkProbe(problems: Problems, at: string, role: Role, probe: Probe): void {
  checkHandler(problems, at, probe, probe.grpc === undefined ? 0 : 1)
  if (probe.grpc !== undefined) checkPort(problems, `${at}.grpc.port`, probe.grpc.port)
  problems.atLeast(`${at}.initialDelaySeconds`, probe.initialDelaySeconds, 0)
  problems.atLeast(`${at}.timeoutSeconds`, probe.timeoutSeconds, 0)
  problems.atLeast(`${at}.periodSeconds`, probe.periodSeconds, 0)
  problems.atLeast(`${at}.successThreshold`, probe.successThreshold, 0)
  problems.atLeast(`${at}.failureThreshold`, probe.failureThreshold, 0)
  if (role !== 'readinessProbe' && probe.successThreshold !== 1)
    problems.invalid(`${at}.successThreshold`, probe.successThreshold, 'must be 1')
  const grace = probe.terminationGracePeriodSeconds
  if (grace === undefined) return
  const field = `${at}.terminationGracePeriodSeconds`
  if (role === 'readinessProbe') problems.invalid(field, grace, 'must not be set for readinessProbes')
  else problems.atLeast(field, grace, 1)
}

export function checkLifecycle(
  problems: Problems,
  at: string,
  lifecycle: NonNullable<Container['lifecycle']>,
  graceSeconds: number,
  kubernetesMinor: number,
): void {
  for (const name of ['postStart', 'preStop'] as const) {
    const handler = lifecycle[name]
    if (handler === undefined) continue
    const field = `${at}.${name}`
    checkHandler(problems, field, handler, handler.sleep === undefined ? 0 : 1)
    if (handler.sleep !== undefined) checkSleep(problems, field, handler.sleep, graceSeconds, kubernetesMinor)
  }
}

/** 1 … grace; 0 is allowed from 1.33 on (semantics §5.3). */
function checkSleep(
  problems: Problems,
  at: string,
  sleep: NonNullable<LifecycleHandler['sleep']>,
  graceSeconds: number,
  kubernetesMinor: number,
): void {
  const seconds = sleep.seconds ?? 0
  const zeroAllowed = kubernetesMinor >= 33
  if (seconds <= graceSeconds && seconds >= (zeroAllowed ? 0 : 1)) return
  const lower = zeroAllowed ? 'must be non-negative' : 'must be greater than 0'
  const upper = `less than terminationGracePeriodSeconds (${graceSeconds})`
  problems.invalid(`${at}.sleep`, seconds, `${lower} and ${upper}`)
}

/** The first handler is looked at, each further one refused. */
function checkHandler(problems: Problems, at: string, handler: ProbeHandler, others: number): void {
  const { exec, httpGet, tcpSocket } = handler
  let found = 0
  const isFirst = (name: string): boolean => {
    if (++found > 1) problems.forbidden(`${at}.${name}`, 'may not specify more than 1 handler type')
    return found === 1
  }
  if (exec !== undefined && isFirst('exec') && (exec.command ?? []).length === 0)
    problems.required(`${at}.exec.command`)
  if (httpGet !== undefined && isFirst('httpGet')) {
    if ((httpGet.path ?? '') === '') problems.required(`${at}.httpGet.path`)
    checkPort(problems, `${at}.httpGet.port`, httpGet.port)
    problems.oneOf(`${at}.httpGet.scheme`, httpGet.scheme, ['HTTP', 'HTTPS'])
    for (const { name = '' } of httpGet.httpHeaders ?? [])
      if (!/^[-A-Za-z0-9]+$/.test(name)) problems.invalid(`${at}.httpGet.httpHeaders`, name, headerRule)
  }
  if (tcpSocket !== undefined && isFirst('tcpSocket'))
    checkPort(problems, `${at}.tcpSocket.port`, tcpSocket.port)
  if (others > 0 && found > 0) problems.forbidden(at, 'may not specify more than 1 handler type')
  if (others === 0 && found === 0) problems.required(at, 'must specify a handler type')
}

const headerRule =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"

function checkPort(problems: Problems, field: string, port: number | string | undefined): void {
  if (port === undefined || port === '') problems.required(field)
  else if (typeof port === 'number') problems.between(field, port, 1, 65_535)
  else checkPortName(problems, field, port)
}
