/**
 * One pod's worker: strictly serial, as in the kubelet (semantics §4.1, §5.2 a). A sync acts on what the PLEG has seen,
 * so it waits for a relist that is newer than the sync before it; while it is busy (postStart, a liveness kill) nothing
 * else happens to the pod, not even its deletion.
 */
import type { Timer } from '../../base/clock.ts'
import type { Pod } from '../../kube/types.ts'
import { draw } from '../draw.ts'
import { GracePeriod } from './grace-period.ts'
import type { KubeletParts } from './kubelet-parts.ts'
import { PodContext } from './pod-context.ts'
import type { ProbeKind, ProbeVerdict } from './probe-worker.ts'
import type { RestartBackoff } from './restart-backoff.ts'
import { startContainer, type StartOutcome } from './start-container.ts'
import type { StatusManager } from './status-manager.ts'
import { stopContainer } from './stop-container.ts'
import { mountVolumes } from './pod-volumes.ts'
import type { Eviction } from './pod-status.ts'
import { syncActions, type SyncAction } from './sync-actions.ts'
import { podPorts } from './pod-ports.ts'
import { gateOf } from './pod-status.ts'
import { deleteObject, stopContainers, tearDownSandbox } from './terminate-pod.ts'

/** §4.5: a sync is repeated after 60–90 s. */
const resyncMs = { low: 60_000, high: 90_000 }
/** From this minor version on, a back-off is waited for exactly (and up to half as long again). */
const exactBackoffMinor = 35

export interface PodWorkerParts {
  kubelet: KubeletParts
  statuses: StatusManager
  backoff: RestartBackoff
  lastRelistUs: () => number
  /** Nothing of the pod is left on this node. */
  onGone: () => void
}

const deadlineExceeded: Eviction = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
  failsAtOnce: true,
  disruption: false,
}

export class PodWorker {
  readonly #context: PodContext
  readonly #parts: PodWorkerParts
  #lastSyncUs: number | null = null
  #onRelist: (() => void) | null = null
  #busy = false
  /** Waiting for a relist is not busy: the status may be refreshed meanwhile. */
  #acting = false
  #again = false
  #grace: GracePeriod | null = null
  /** The object is to go; an eviction leaves it. */
  #deleted = false
  #objectGone = false
  #over = false
  #resync: Timer | null = null
  #deadline: Timer | null = null
  /** What the pod waits for before it starts need not come any more. */
  readonly #leaving = new AbortController()
  readonly #onEnded: (() => void)[] = []

  constructor(pod: Pod, parts: PodWorkerParts) {
    this.#parts = parts
    this.#context = new PodContext(pod, {
      ...parts,
      onProbeChange: (container, kind, verdict) => this.#onProbeChange(container, kind, verdict),
    })
  }

  start(): void {
    this.#context.probes.start()
    this.#armDeadline()
    this.#request()
  }

  /** Where the pod can be reached, and on which ports; null before and after its sandbox. */
  get sandbox(): { address: string; ports: number[] } | null {
    const { address } = this.#context.containers
    return address === null || this.#over ? null : { address, ports: podPorts(this.#context.pod) }
  }

  get pod(): Pod {
    return this.#context.pod
  }

  /** Labels, annotations and conditions of others may change; the containers of a pod may not. */
  update(pod: Pod): void {
    const gates = (of: Pod): string =>
      JSON.stringify((of.spec.readinessGates ?? []).map(gate => gateOf(of, gate)))
    const turned = gates(pod) !== gates(this.#context.pod)
    this.#context.pod = pod
    if (!turned || this.#over || this.#grace !== null) return
    // A gate that somebody opened or closed decides the pod's readiness at once (kubelet.go, HandlePodReconcile), or
    // after what the worker is doing just now.
    if (this.#acting) this.#request()
    else this.#context.refreshStatus()
  }

  /** A deletion, or a second one that shortens the first. */
  terminate(graceSeconds: number): void {
    this.#deleted = true
    this.#stopWithin(graceSeconds)
  }

  /** The node ends the pod; its object stays, and says why. Resolves when nothing of the pod is left. */
  evict(eviction: Eviction, graceSeconds: number): Promise<void> {
    if (this.#over) return Promise.resolve()
    this.#context.eviction ??= eviction
    this.#stopWithin(graceSeconds)
    return new Promise(resolve => this.#onEnded.push(resolve))
  }

  #stopWithin(graceSeconds: number): void {
    if (this.#grace === null) this.#grace = new GracePeriod(graceSeconds)
    else this.#grace.shorten(graceSeconds)
    this.#leaving.abort()
    this.#request()
  }

  /** The object is gone from the API: what is left of the pod goes with a grace period of one second (§5.2). */
  remove(): void {
    this.#objectGone = true
    if (this.#over) this.#parts.onGone()
    else this.terminate(1)
  }

  relist(): void {
    const changed = this.#context.containers.relist()
    const waiting = this.#onRelist
    this.#onRelist = null
    waiting?.()
    if (changed) this.#request()
  }

  stop(): void {
    this.#over = true
    this.#resync?.cancel()
    this.#deadline?.cancel()
    this.#context.probes.stop()
  }

  /** activeDeadlineSeconds counts from the pod's start time, which is in whole seconds. */
  #armDeadline(): void {
    const { activeDeadlineSeconds: limit, terminationGracePeriodSeconds: graceSeconds = 30 } = this.pod.spec
    if (limit === undefined) return
    const { clock } = this.#parts.kubelet
    const startedUs = Date.parse(this.pod.status?.startTime ?? '') * 1000 || clock.nowUs()
    const delayMs = limit * 1000 - (clock.nowUs() - startedUs) / 1000
    this.#deadline = clock.after(delayMs, () => {
      this.#context.event('Normal', deadlineExceeded.reason, deadlineExceeded.message)
      void this.evict(deadlineExceeded, graceSeconds)
    })
  }

  #request(): void {
    if (this.#over) return
    this.#again = true
    if (!this.#busy) void this.#run()
  }

  async #run(): Promise<void> {
    this.#busy = true
    while (this.#again && !this.#over) {
      await this.#untilSeen()
      this.#again = false
      this.#acting = true
      if (this.#grace !== null) await this.#end(this.#grace)
      else await this.#sync()
      this.#acting = false
      this.#lastSyncUs = this.#parts.kubelet.clock.nowUs()
    }
    this.#busy = false
  }

  async #untilSeen(): Promise<void> {
    if (this.#lastSyncUs === null || this.#parts.lastRelistUs() > this.#lastSyncUs) return
    await new Promise<void>(resolve => (this.#onRelist = resolve))
  }

  /** A result reaches the API at once; only what acts on it goes through the worker's queue (§4.4). */
  #onProbeChange(container: string, kind: ProbeKind, verdict: ProbeVerdict): void {
    if (this.#over) return
    if (kind === 'readiness' && (this.#acting || this.#grace !== null))
      return this.#parts.statuses.setReady(this.#context.uid, container, verdict === 'success')
    if (!this.#acting) {
      this.#context.refreshStatus()
      this.#lastSyncUs = this.#parts.kubelet.clock.nowUs()
    }
    if (kind !== 'readiness' && verdict !== 'unknown') this.#request()
  }

  async #sync(): Promise<void> {
    const context = this.#context
    const { clock, random, settings, nextPodAddress } = this.#parts.kubelet
    if (context.refreshStatus()) return this.#finish()
    if (context.containers.address === null) {
      if (!(await mountVolumes(context, this.#leaving.signal))) return
      await new Promise<void>(resolve => void clock.after(draw(random, settings.sandboxStartMs), resolve))
      context.containers.address = nextPodAddress()
    }
    const actions = syncActions(context.pod, {
      seen: name => context.containers.seen(name)[0],
      isStarted: (name, id) => context.probes.isStarted(name, id),
      condemnedBy: (name, id) => context.probes.condemnedBy(name, id),
    })
    const outcomes: StartOutcome[] = []
    for (const action of actions) {
      const outcome = await this.#act(action)
      if (outcome !== null) outcomes.push(outcome)
    }
    this.#armResync(outcomes)
  }

  async #act(action: SyncAction): Promise<StartOutcome | null> {
    const context = this.#context
    switch (action.kind) {
      case 'start':
        return startContainer(context, action.container)
      case 'kill': {
        const running = context.containers.latest(action.container.name)
        if (running !== null) await stopContainer(context, action.container, running, action)
        return null
      }
      case 'end-pod':
        await stopContainers(context, this.#ownGrace())
        return null
    }
  }

  #armResync(outcomes: readonly StartOutcome[]): void {
    const { clock, random, settings } = this.#parts.kubelet
    const again = outcomes.some(({ kind }) => kind !== 'started')
    let delayMs = draw(random, again ? settings.syncRetryMs : resyncMs)
    for (const outcome of outcomes)
      if (outcome.kind === 'backing-off' && settings.kubernetesMinor >= exactBackoffMinor)
        delayMs = Math.min(delayMs, outcome.remainingMs * random.between(1, 1.5))
    this.#resync?.cancel()
    this.#resync = clock.after(delayMs, () => this.#request())
  }

  #ownGrace(): GracePeriod {
    return new GracePeriod(this.pod.spec.terminationGracePeriodSeconds ?? 30)
  }

  /** The containers ended by themselves and are not restarted; the object stays, unless it was deleted meanwhile. */
  #finish(): Promise<void> {
    return this.#end(this.#grace ?? this.#ownGrace())
  }

  async #end(grace: GracePeriod): Promise<void> {
    await stopContainers(this.#context, grace)
    await tearDownSandbox(this.#context)
    this.#settle()
    for (const tell of this.#onEnded.splice(0)) tell()
    if (this.#deleted && !this.#objectGone) await deleteObject(this.#context)
    if (this.#objectGone) this.#parts.onGone()
  }

  /** The final status (§5.2 i). */
  #settle(): void {
    this.stop()
    this.#context.containers.relist()
    this.#context.refreshStatus(true)
    this.#parts.kubelet.removePodFolder?.(this.#context.uid)
  }
}
