/**
 * The embedded cluster as a whole: one API server, its controllers and scheduler, and per node a kubelet and a kube-proxy.
 * All parts speak to each other only through the API, as in a real cluster.
 */
import { mkdirSync, rmSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import { seededRandom, type Random } from '../base/random.ts'
import type { EmbeddedReady, EmbeddedStart } from '../model/embedded-cluster.ts'
import { startApiServer } from './apiserver/http.ts'
import { createRegistry } from './apiserver/registry.ts'
import type { ClusterApi } from './cluster-api.ts'
import { startControllers } from './controllers/start.ts'
import { startDataPlane } from './data-plane.ts'
import { fork } from './fork.ts'
import { startMachines } from './machines.ts'
import { controlPlane, nodeNames } from './nodes.ts'
import { openPodNetwork } from './pod-network/open-pod-network.ts'
import type { PodNetwork } from './pod-network/pod-network.ts'
import { killProcessesOfCluster } from './process-groups.ts'
import { ReaperLink } from './reaper-link.ts'
import { startScheduler } from './scheduler/start.ts'
import type { Settings } from './settings.ts'
import { flattenSettings, settingsInForce } from './settings-in-force.ts'
import { startStorage } from './storage/start.ts'

export interface EmbeddedCluster {
  ready: EmbeddedReady
  /** Ends every part and every pod, and removes the folder. */
  close(): Promise<void>
}

export interface ClusterParts {
  clock: Clock
  /** The cluster cannot go on. */
  onLost: (why: string) => void
}

export async function startCluster(start: EmbeddedStart, parts: ClusterParts): Promise<EmbeddedCluster> {
  const { clock } = parts
  const settings = settingsInForce(start.settings)
  const random = seededRandom(settings.seed)
  const cluster = `${process.pid}-${clock.nowUs()}`
  mkdirSync(start.directory, { recursive: true, mode: 0o700 })
  const reaper = new ReaperLink({
    cluster,
    directory: start.directory,
    onLost: () => parts.onLost('the reaper cannot be kept alive'),
  })
  const names = nodeNames(settings.workers)
  const network = await openPodNetwork(start.addresses, luck(clock), names.length)
  const nodes = names.map((name, index) => ({ name, address: network.node(index) }))
  const kubernetesVersion = `v1.${settings.kubernetesMinor}.0`

  const registry = createRegistry({
    clock,
    settings,
    random: fork(random),
    allocateClusterIP: () => network.nextClusterIP(),
    isClusterIP: address => network.isClusterIP(address),
  })
  const common = { api: registry.as('kubelet'), clock, settings, random, nodes, network }
  const dataPlane = startDataPlane(common)
  const machines = startMachines({ ...common, kubernetesVersion, dataPlane, start, cluster, reaper })
  const loops = startControlLoops(registry, { clock, settings, random, directory: start.directory })
  const facts = { vantage: controlPlane, settings: { ...flattenSettings(settings), addresses: network.mode } }
  const server = await startApiServer({
    registry,
    clock,
    settings,
    token: start.token,
    port: start.port,
    host: '127.0.0.1',
    forwarding: dataPlane.tables,
    relays: dataPlane.relays,
    facts,
    containers: machines.steps,
    logs: machines.logs,
    commands: machines.commands,
    reach: (address, port) => network.reach(address, port),
    nodes: machines.power,
    kubernetesVersion,
  })
  return {
    ready: {
      type: 'ready',
      url: server.url,
      pid: process.pid,
      nodes: names,
      kubernetesVersion,
      ...facts,
    },
    async close() {
      loops.stop()
      machines.stop()
      dataPlane.stop()
      killProcessesOfCluster(cluster)
      await endOutside({ server, network, reaper, directory: start.directory })
    },
  }
}

/** The programs of the control plane beside the API server, each with a name of its own there. */
function startControlLoops(
  registry: Pick<ReturnType<typeof createRegistry>, 'as'>,
  common: { clock: Clock; settings: Settings; random: Random; directory: string },
): { stop(): void } {
  const of = (name: string): Omit<typeof common, 'random'> & { api: ClusterApi; random: Random } => ({
    ...common,
    api: registry.as(name),
    random: fork(common.random),
  })
  const started = [
    startControllers(of('kube-controller-manager')),
    startScheduler(of('kube-scheduler')),
    startStorage(of('local-path-provisioner')),
  ]
  return { stop: () => started.reverse().forEach(one => one.stop()) }
}

async function endOutside(parts: {
  server: { close(): Promise<void> }
  network: PodNetwork
  reaper: ReaperLink
  directory: string
}): Promise<void> {
  rmSync(parts.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  parts.network.close()
  // Told last: until here a crash would leave work for it.
  await parts.reaper.close()
  await parts.server.close()
}

/** Addresses are a matter of luck, not of the seed: equal seeds side by side would all try the same ones. */
function luck(clock: Clock): Random {
  return seededRandom(process.pid ^ (clock.nowUs() >>> 0))
}
