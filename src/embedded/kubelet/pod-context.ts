/** One pod on its node: what its worker, its start and its end share. */
import { containerEvent } from './container-event.ts'
import type {
  Container,
  ContainerStatus,
  LifecycleHandler,
  Pod,
  Probe,
  ProbeHandler,
} from '../../kube/types.ts'
import type { RecordStep } from '../container-steps.ts'
import type { ContainerExit, RunningContainer } from './container-runtime.ts'
import { attemptProbe, runHook, type HandlerParts, type HookOutcome, type ProbeOutcome } from './handlers.ts'
import type { FailedPulls } from './image-pull.ts'
import type { KubeletParts } from './kubelet-parts.ts'
import { mountsOf, rewritePaths } from './mounts.ts'
import { PodContainers } from './pod-containers.ts'
import { PodProbes } from './pod-probes.ts'
import { isSidecar } from './pod-phase.ts'
import { podStatus, type Eviction } from './pod-status.ts'
import type { ProbeKind, ProbeSubject, ProbeVerdict } from './probe-worker.ts'
import type { RestartBackoff } from './restart-backoff.ts'
import type { StatusManager } from './status-manager.ts'

export interface PodContextParts {
  kubelet: KubeletParts
  statuses: StatusManager
  backoff: RestartBackoff
  onProbeChange: (container: string, kind: ProbeKind, verdict: ProbeVerdict) => void
}

export class PodContext {
  readonly kubelet: KubeletParts
  readonly uid: string
  readonly containers = new PodContainers()
  readonly probes: PodProbes
  readonly record: RecordStep
  readonly backoff: RestartBackoff
  /** Why a container does not start, until it does. */
  readonly waiting = new Map<string, { reason: string; message: string }>()
  /** Images that could not be had. */
  readonly failedPulls: FailedPulls = new Map()
  /** The folder of each volume, once they are made. */
  volumes: ReadonlyMap<string, string> = new Map()
  pod: Pod
  /** Set once the node ends the pod for a reason of its own. */
  eviction: Eviction | null = null
  readonly #statuses: StatusManager

  constructor(pod: Pod, parts: PodContextParts) {
    this.pod = pod
    this.uid = pod.metadata.uid ?? ''
    this.kubelet = parts.kubelet
    this.backoff = parts.backoff
    this.#statuses = parts.statuses
    this.record = parts.kubelet.steps.recorder(this.namespace, pod.metadata.name)
    for (const status of statusesOf(pod)) this.#adopt(status)
    this.probes = new PodProbes({
      clock: parts.kubelet.clock,
      containers: [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers],
      subject: container => this.#subject(container),
      attempt: (container, probe) => this.#attempt(container, probe),
      onChange: parts.onProbeChange,
      onTrouble: (container, kind, outcome) => this.#reportTrouble(container, kind, outcome),
    })
  }

  get namespace(): string {
    return this.pod.metadata.namespace ?? 'default'
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.kubelet.api.recordEvent(this.pod, type, reason, message, 'kubelet')
  }

  /**
   * Generates the status anew; every container that should be ready and is not is probed at once (§4.3). True when
   * nothing will run any more.
   */
  refreshStatus(over = false): boolean {
    const { clock, node } = this.kubelet
    const { status, ended } = podStatus({
      pod: this.pod,
      hostIP: node.address,
      nowUs: clock.nowUs(),
      address: this.containers.addressSeen,
      views: name => this.containers.seen(name),
      waiting: this.waiting,
      isStarted: (name, id) => this.probes.isStarted(name, id),
      isReady: (name, id) => this.probes.isReady(name, id),
      previous: this.#statuses.get(this.uid) ?? this.pod.status ?? null,
      eviction: this.eviction,
      over,
    })
    this.#statuses.set(this.pod, status)
    for (const { name, started, ready } of statusesOf({ status }))
      if (started === true && !ready) this.probes.pokeReadiness(name)
    return ended
  }

  /** What the API says ran on this node before the kubelet did: it has ended with the node, and nobody saw how. */
  #adopt({ name, containerID, restartCount, state }: ContainerStatus): void {
    if (containerID === undefined) return
    const { terminated, running } = state ?? {}
    const startedUs = Date.parse(terminated?.startedAt ?? running?.startedAt ?? '') * 1000 || 0
    const exit: ContainerExit = {
      code: terminated?.exitCode ?? 255,
      signal: null,
      reason: terminated === undefined ? 'Unknown' : terminated.exitCode === 0 ? 'Completed' : 'Error',
      message: terminated?.message ?? null,
      atUs:
        terminated?.finishedAt === undefined
          ? this.kubelet.clock.nowUs()
          : Date.parse(terminated.finishedAt) * 1000,
    }
    this.containers.addEarlier(name, { id: containerID, restartCount, startedUs, exit, earlierSandbox: true })
  }

  hook(container: Container, running: RunningContainer, handler: LifecycleHandler): Promise<HookOutcome> {
    return runHook(this.#rewritten(container, handler), this.#handlerParts(container, running))
  }

  /** A command that runs in the container means the container's mounts. */
  #rewritten<T extends ProbeHandler>(container: Container, handler: T): T {
    const mounts = mountsOf(container, this.volumes)
    if (handler.exec === undefined || mounts.length === 0) return handler
    const command = (handler.exec.command ?? []).map(word => rewritePaths(word, mounts))
    return { ...handler, exec: { command } }
  }

  #attempt(container: Container, probe: Probe): Promise<ProbeOutcome> {
    const running = this.containers.latest(container.name)
    if (running === null) return Promise.resolve({ kind: 'error', text: 'the container is not running' })
    return attemptProbe(this.#rewritten(container, probe), this.#handlerParts(container, running))
  }

  #handlerParts(container: Container, running: RunningContainer): HandlerParts {
    const { clock, settings } = this.kubelet
    const podIP = this.containers.address ?? ''
    return {
      clock,
      kubernetesMinor: settings.kubernetesMinor,
      podIP,
      reach: (address, port) => this.kubelet.network.reach(address, port),
      container,
      running,
    }
  }

  #subject(name: string): ProbeSubject | null {
    const status = this.#statuses.get(this.uid)
    const container = status === null ? undefined : statusesOf({ status }).find(one => one.name === name)
    if (container?.containerID === undefined) return null
    const startedAt = container.state?.running?.startedAt
    return {
      containerID: container.containerID,
      runningSinceUs: startedAt === undefined ? null : Date.parse(startedAt) * 1000,
      started: container.started === true,
      over:
        container.state?.terminated !== undefined &&
        this.pod.spec.restartPolicy === 'Never' &&
        !(this.pod.spec.initContainers ?? []).some(one => one.name === name && isSidecar(one)),
    }
  }

  #reportTrouble(
    container: string,
    kind: ProbeKind,
    outcome: { kind: 'failure' | 'error' | 'warning'; text: string },
  ): void {
    const probe = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} probe`
    if (outcome.kind === 'warning')
      return containerEvent(this, container, 'Warning', 'ProbeWarning', `${probe} warning: ${outcome.text}`)
    if (outcome.kind === 'failure')
      return containerEvent(this, container, 'Warning', 'Unhealthy', `${probe} failed: ${outcome.text}`)
    const errored =
      this.kubelet.settings.kubernetesMinor >= 33 ? 'errored and resulted in unknown state' : 'errored'
    this.record(container, 'probe-errored', `${kind}: ${outcome.text}`)
    containerEvent(this, container, 'Warning', 'Unhealthy', `${probe} ${errored}: ${outcome.text}`)
  }
}

/** Init containers first. */
function statusesOf({ status }: Pick<Pod, 'status'>): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
}
