import type { Container } from '../../kube/types.ts'
import { draw } from '../draw.ts'
import { containerEvent } from './container-event.ts'
import type { RunningContainer } from './container-runtime.ts'
import { GracePeriod } from './grace-period.ts'
import { killContainer } from './kill-container.ts'
import type { PodContext } from './pod-context.ts'

export interface StopReason {
  because: 'deletion' | 'liveness' | 'startup' | 'FailedPostStartHook'
  /** Given when the pod is being deleted; otherwise the probe's or the pod's own period holds. */
  grace?: GracePeriod
  /** The stop signal waits for this. */
  turn?: Promise<void>
  /** A probe's victim that is not restarted is not said to be. */
  restarts?: boolean
}

/** Stops one container, with its hook, and says why in an Event (semantics §4.5, §5.2 c). */
export function stopContainer(
  context: PodContext,
  container: Container,
  running: RunningContainer,
  reason: StopReason,
): Promise<void> {
  const { clock, random, settings } = context.kubelet
  if (running.exit !== null) return Promise.resolve()
  containerEvent(
    context,
    container.name,
    'Normal',
    'Killing',
    killingMessage(context, container.name, reason),
  )
  const handler = container.lifecycle?.preStop
  return killContainer({
    clock,
    name: container.name,
    running,
    grace: reason.grace ?? new GracePeriod(ownGraceSeconds(context, container, reason.because)),
    floorMs: settings.killFloorMs,
    signalMs: draw(random, settings.runtimeSignalMs),
    preStop: handler === undefined ? null : () => context.hook(container, running, handler),
    turn: reason.turn ?? null,
    record: context.record,
    onHookFailed: () =>
      containerEvent(context, container.name, 'Warning', 'FailedPreStopHook', 'PreStopHook failed'),
  })
}

/** A probe that kills may have a grace period of its own (§4.2). */
function ownGraceSeconds(context: PodContext, container: Container, because: StopReason['because']): number {
  const probe =
    because === 'liveness'
      ? container.livenessProbe
      : because === 'startup'
        ? container.startupProbe
        : undefined
  return probe?.terminationGracePeriodSeconds ?? context.pod.spec.terminationGracePeriodSeconds ?? 30
}

function killingMessage(
  { pod }: PodContext,
  container: string,
  { because, restarts = true }: StopReason,
): string {
  switch (because) {
    case 'deletion':
      return `Stopping container ${container}`
    case 'liveness':
    case 'startup':
      if (pod.spec.initContainers?.some(({ name }) => name === container) === true)
        return `Init container ${container} failed ${because} probe`
      return `Container ${container} failed ${because} probe${restarts ? ', will be restarted' : ''}`
    case 'FailedPostStartHook':
      return 'FailedPostStartHook'
  }
}
