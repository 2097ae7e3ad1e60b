/**
 * The machines of the cluster, which can lose power, be shut down, and be started again (semantics §7.4, §9).
 *
 * A machine without power answers nothing: neither to a new connection nor on one that is open. Its processes are
 * stopped, not killed, since a kernel closes the connections of a process that ends; and the accept queues of their
 * listeners are filled, so that connects hang too. What differs from the real thing: what a client sends on an open
 * connection is still acknowledged, and in the milliseconds before a queue is full connects succeed.
 */
import type { Clock } from '../base/clock.ts'
import type { Node } from '../kube/types.ts'
import { ApiError, type ClusterApi } from './cluster-api.ts'
import type { NodePower } from './feeds.ts'
import { FullQueues } from './kubelet/full-queues.ts'
import type { Kubelet, ShutdownGrace } from './kubelet/kubelet.ts'
import type { SilenceSource } from './kubelet/kubelet-parts.ts'
import { NodeLink } from './kubelet/node-link.ts'
import type { ContainerRuntime } from './kubelet/container-runtime.ts'
import type { PodNetwork } from './pod-network/pod-network.ts'
import type { KubeProxy } from './proxy/kube-proxy.ts'

export interface NodeMachineParts {
  name: string
  /** It carries the API server, which this program cannot do without. */
  isControlPlane: boolean
  api: ClusterApi
  clock: Clock
  runtime: ContainerRuntime
  silence: SilenceSource
  network: Pick<PodNetwork, 'host' | 'reach'>
  startKubelet: (link: NodeLink) => Kubelet
  startProxy: (link: NodeLink) => KubeProxy
}

interface Programs {
  link: NodeLink
  kubelet: Kubelet
  proxy: KubeProxy
}

type Sandboxes = ReturnType<Kubelet['sandboxes']>

type PowerState =
  | { kind: 'on'; programs: Programs }
  | { kind: 'shutting-down'; programs: Programs }
  | { kind: 'off'; link: NodeLink; sandboxes: Sandboxes; queues: FullQueues }

export class NodeMachine {
  readonly #parts: NodeMachineParts
  #state: PowerState
  #boots = 0

  constructor(parts: NodeMachineParts) {
    this.#parts = parts
    this.#state = this.#boot()
  }

  /** The power fails. Resolves when nobody can reach the machine any more. */
  async crash(): Promise<void> {
    this.#refuseIf(this.#parts.isControlPlane, `carries the API server and cannot be switched off`)
    if (this.#state.kind === 'off') throw this.#conflict('is off already')
    await this.#switchOff(this.#state.programs)
  }

  /** GracefulNodeShutdown, and then the power goes. Returns when it has begun. */
  shutDown(grace: ShutdownGrace): void {
    this.#refuseIf(this.#parts.isControlPlane, `carries the API server and cannot be switched off`)
    const state = this.#state
    if (state.kind === 'off') throw this.#conflict('is off already')
    if (state.kind === 'shutting-down') throw this.#conflict('is shutting down already')
    const { programs } = state
    this.#state = { kind: 'shutting-down', programs }
    void programs.kubelet.shutDown(grace).then(async () => {
      if (this.#state.kind !== 'shutting-down' || this.#state.programs !== programs) return
      await this.#switchOff(programs)
    })
  }

  /** Power again: all containers are started anew. */
  async restart(): Promise<void> {
    if (this.#state.kind === 'on') throw this.#conflict('is running')
    if (this.#state.kind === 'shutting-down') throw this.#conflict('is shutting down')
    const { link, sandboxes, queues } = this.#state
    await link.killContainers()
    queues.release()
    // The sandboxes of before are gone, and their addresses are not given out again.
    for (const { address, ports } of sandboxes) this.#parts.silence.prepare(address, ports).begin()
    this.#state = this.#boot()
  }

  stop(): void {
    if (this.#state.kind === 'off') return this.#state.queues.release()
    this.#state.programs.kubelet.stop()
    this.#state.programs.proxy.stop()
  }

  async #switchOff({ link, kubelet, proxy }: Programs): Promise<void> {
    const sandboxes = kubelet.sandboxes()
    link.sever()
    kubelet.stop()
    proxy.stop()
    link.freezeContainers()
    const queues = new FullQueues(this.#parts.clock, this.#parts.network)
    this.#state = { kind: 'off', link, sandboxes, queues }
    await Promise.all(sandboxes.map(({ address, ports }) => queues.fill(address, ports)))
  }

  #boot(): PowerState {
    const { api, clock, runtime, name } = this.#parts
    const link = new NodeLink(clock, api, runtime)
    if (this.#boots++ > 0) this.#announceReboot(name)
    const programs = { link, kubelet: this.#parts.startKubelet(link), proxy: this.#parts.startProxy(link) }
    return { kind: 'on', programs }
  }

  #announceReboot(name: string): void {
    const { api } = this.#parts
    const node = api.get<Node>('nodes', '', name)
    if (node === null) return
    const bootID = `${name}-${this.#boots}`
    const nodeInfo = { ...node.status?.nodeInfo, bootID }
    api.updateStatus<Node>('nodes', { ...node, status: { ...node.status, nodeInfo } })
    api.recordEvent(node, 'Normal', 'Starting', 'Starting kubelet.', 'kubelet')
    const message = `Node ${name} has been rebooted, boot id: ${bootID}`
    api.recordEvent(node, 'Warning', 'Rebooted', message, 'kubelet')
  }

  #refuseIf(wrong: boolean, why: string): void {
    if (wrong) throw this.#conflict(why)
  }

  #conflict(why: string): ApiError {
    return new ApiError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `node ${this.#parts.name} ${why}`,
      reason: 'Conflict',
      details: { name: this.#parts.name, kind: 'nodes' },
      code: 409,
    })
  }
}

/** By name, as the API server is asked. */
export class NodeMachines implements NodePower {
  readonly #machines: ReadonlyMap<string, NodeMachine>

  constructor(machines: ReadonlyMap<string, NodeMachine>) {
    this.#machines = machines
  }

  crash(node: string): Promise<void> {
    return this.#find(node).crash()
  }

  restart(node: string): Promise<void> {
    return this.#find(node).restart()
  }

  shutDown(node: string, grace: ShutdownGrace): void {
    this.#find(node).shutDown(grace)
  }

  stop(): void {
    for (const machine of this.#machines.values()) machine.stop()
  }

  #find(name: string): NodeMachine {
    const machine = this.#machines.get(name)
    if (machine !== undefined) return machine
    throw new ApiError({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `nodes "${name}" not found`,
      reason: 'NotFound',
      details: { name, kind: 'nodes' },
      code: 404,
    })
  }
}
