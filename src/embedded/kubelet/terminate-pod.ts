/**
 * A pod's end (semantics §5.2 b–i): all containers stop in parallel, each on its own clock, sidecars after the main ones
 * in reverse order; then the sandbox goes, and with it the address; then the final status; then the object.
 */
import type { Container } from '../../kube/types.ts'
import { ApiError } from '../cluster-api.ts'
import { draw } from '../draw.ts'
import type { RunningContainer } from './container-runtime.ts'
import type { GracePeriod } from './grace-period.ts'
import type { PodContext } from './pod-context.ts'
import { podPorts } from './pod-ports.ts'
import { isSidecar } from './pod-phase.ts'
import { stopContainer } from './stop-container.ts'

export async function stopContainers(context: PodContext, grace: GracePeriod): Promise<void> {
  context.probes.stopLivenessAndStartup()
  context.refreshStatus()
  const { initContainers = [], containers } = context.pod.spec
  const running = (all: readonly Container[]): { container: Container; running: RunningContainer }[] =>
    all.flatMap(container => {
      const latest = context.containers.latest(container.name)
      return latest === null || latest.exit !== null ? [] : [{ container, running: latest }]
    })
  const main = running([...initContainers.filter(container => !isSidecar(container)), ...containers])
  const stop = (one: (typeof main)[number], turn?: Promise<void>): Promise<void> =>
    stopContainer(context, one.container, one.running, {
      because: 'deletion',
      grace,
      ...(turn === undefined ? {} : { turn }),
    })
  const stops = main.map(one => stop(one))
  // A sidecar waits for the main containers and for the sidecar after it, in whatever order those two come.
  let turn: Promise<void> = Promise.all(stops).then(() => undefined)
  for (const sidecar of running(initContainers.filter(isSidecar)).reverse()) {
    const stopped = stop(sidecar, turn)
    turn = stopped
    stops.push(stopped)
  }
  await Promise.all(stops)
  context.probes.stop()
}

/** From the last exit the address refuses; when the sandbox is gone it is silent. */
export async function tearDownSandbox(context: PodContext): Promise<void> {
  const { clock, random, settings, silence } = context.kubelet
  const { address } = context.containers
  if (address === null) return
  const silent = silence.prepare(address, podPorts(context.pod))
  const waitMs = draw(random, settings.sandboxTeardownMs)
  await new Promise<void>(resolve => void clock.after(waitMs, resolve))
  silent.begin()
  context.record(context.pod.spec.containers[0]?.name ?? '', 'sandbox-gone', address)
}

/** Grace 0 and the uid, so that a namesake that came meanwhile is not hit. */
export async function deleteObject(context: PodContext): Promise<void> {
  const { api, clock, random, settings } = context.kubelet
  await new Promise<void>(resolve => void clock.after(draw(random, settings.finalDeleteMs), resolve))
  try {
    api.delete('pods', context.namespace, context.pod.metadata.name, {
      gracePeriodSeconds: 0,
      uid: context.uid,
    })
  } catch (error) {
    const gone = error instanceof ApiError && (error.reason === 'NotFound' || error.reason === 'Conflict')
    if (!gone) throw error
  }
}
