/**
 * The embedded cluster as a whole: one API server, its controllers and scheduler, and per node a kubelet and a kube-proxy.
 * All parts speak to each other only through the API, as in a real cluster.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { seededRandom, type Random } from '../base/random.ts'
import type { EmbeddedReady, EmbeddedStart } from '../model/embedded-cluster.ts'
import { Addresses, lockOctet, type OctetLock } from './addresses.ts'
import { startApiServer } from './apiserver/http.ts'
import { createRegistry } from './apiserver/registry.ts'
import type { ClusterApi } from './cluster-api.ts'
import { ContainerSteps } from './container-steps.ts'
import { startControllers } from './controllers/start.ts'
import { Images } from './images.ts'
import { Kubelet } from './kubelet/kubelet.ts'
import type { NodeIdentity } from './kubelet/kubelet-parts.ts'
import { ProcessRuntime } from './kubelet/process-runtime.ts'
import { Silence } from './kubelet/silence.ts'
import { controlPlane, nodeNames, nodeObject } from './nodes.ts'
import { PodLogs } from './pod-logs.ts'
import { clusterVariable, killProcessesOfCluster } from './process-groups.ts'
import { ForwardingTables } from './proxy/forwarding-tables.ts'
import { KubeProxy } from './proxy/kube-proxy.ts'
import { ServiceRelays } from './proxy/relay.ts'
import { ReaperLink } from './reaper-link.ts'
import { startScheduler } from './scheduler/start.ts'
import { flattenSettings, settingsInForce } from './settings-in-force.ts'
import type { Settings } from './settings.ts'

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
  // The octet is a matter of luck, not of the seed: equal seeds side by side would all try the same one.
  const lock = await lockOctet(seededRandom(process.pid ^ (clock.nowUs() >>> 0)))
  const cluster = `${process.pid}-${clock.nowUs()}`
  mkdirSync(start.directory, { recursive: true, mode: 0o700 })
  const reaper = new ReaperLink({
    cluster,
    directory: start.directory,
    onLost: () => parts.onLost('the reaper cannot be kept alive'),
  })
  const names = nodeNames(settings.workers)
  const addresses = new Addresses(lock.octet, names.length)
  const nodes = names.map((name, index) => ({ name, address: addresses.node(index) }))
  const kubernetesVersion = `v1.${settings.kubernetesMinor}.0`

  const registry = createRegistry({
    clock,
    settings,
    random: fork(random),
    allocateClusterIP: () => addresses.nextClusterIP(),
  })
  const api = registry.as('kubelet')
  const dataPlane = startDataPlane({ api, clock, settings, random, nodes, kubernetesVersion })
  const pods = startKubelets({
    api,
    clock,
    settings,
    random,
    nodes,
    start,
    addresses,
    cluster,
    reaper,
  })
  const [controlling, scheduling] = [registry.as('kube-controller-manager'), registry.as('kube-scheduler')]
  const controllers = startControllers({ api: controlling, clock, settings, random: fork(random) })
  const scheduler = startScheduler({ api: scheduling, clock, settings, random: fork(random) })
  const server = await startApiServer({
    registry,
    clock,
    settings,
    token: start.token,
    port: start.port,
    host: '127.0.0.1',
    forwarding: dataPlane.tables,
    containers: pods.steps,
    logs: pods.logs,
    kubernetesVersion,
  })
  return {
    ready: {
      type: 'ready',
      url: server.url,
      pid: process.pid,
      nodes: names,
      vantage: controlPlane,
      kubernetesVersion,
      settings: flattenSettings(settings),
    },
    async close() {
      scheduler.stop()
      controllers.stop()
      pods.stop()
      dataPlane.stop()
      killProcessesOfCluster(cluster)
      await endOutside({ server, lock, reaper, directory: start.directory })
    },
  }
}

async function endOutside(parts: {
  server: { close(): Promise<void> }
  lock: OctetLock
  reaper: ReaperLink
  directory: string
}): Promise<void> {
  rmSync(parts.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  parts.lock.release()
  // Told last: until here a crash would leave work for it.
  await parts.reaper.close()
  await parts.server.close()
}

interface Common {
  api: ClusterApi
  clock: Clock
  settings: Settings
  random: Random
  nodes: readonly NodeIdentity[]
}

/** Nodes with their kube-proxies, and the relays, which use the control plane's rules. */
function startDataPlane(parts: Common & { kubernetesVersion: string }): {
  tables: ForwardingTables
  stop(): void
} {
  const { api, clock, settings, random, nodes } = parts
  const tables = new ForwardingTables()
  const relays = new ServiceRelays(fork(random))
  tables.subscribe(controlPlane, table => relays.apply(table))
  for (const node of nodes) {
    const object = nodeObject(node, parts.kubernetesVersion, clock)
    const created = api.create('nodes', object)
    if (object.status !== undefined) api.updateStatus('nodes', { ...created, status: object.status })
  }
  const proxies = nodes.map(
    ({ name }) =>
      new KubeProxy({
        api,
        clock,
        settings,
        random: fork(random),
        node: name,
        publish: table => tables.publish(table),
      }),
  )
  for (const proxy of proxies) proxy.start()
  return {
    tables,
    stop() {
      for (const proxy of proxies) proxy.stop()
      relays.stop()
    },
  }
}

function startKubelets(
  parts: Common & { start: EmbeddedStart; addresses: Addresses; cluster: string; reaper: ReaperLink },
): { steps: ContainerSteps; logs: PodLogs; stop(): void } {
  const { api, clock, settings, random, nodes, start, addresses } = parts
  const steps = new ContainerSteps(clock)
  const logs = new PodLogs(join(start.directory, 'logs'))
  const silence = new Silence(clock, settings.silenceMs)
  const runtime = new ProcessRuntime({ clock, openLog: spec => logs.open(spec), groups: parts.reaper })
  const images = new Images(join(start.directory, 'images'), start.images)
  const podFolder = (uid: string): string => {
    const folder = join(start.directory, 'pods', uid)
    mkdirSync(join(folder, 'tmp'), { recursive: true, mode: 0o700 })
    return folder
  }
  const kubelets = nodes.map(
    (node, index) =>
      new Kubelet({
        api,
        clock,
        settings,
        random: fork(random),
        node,
        runtime,
        images,
        steps,
        silence,
        nextPodAddress: () => addresses.nextPod(index),
        podFolder,
        processEnvironment: { [clusterVariable]: parts.cluster },
      }),
  )
  for (const kubelet of kubelets) kubelet.start()
  return {
    steps,
    logs,
    stop() {
      for (const kubelet of kubelets) kubelet.stop()
      runtime.killAll()
      silence.end()
    },
  }
}

/** A random source of its own, so that the draws of one part do not depend on those of another. */
function fork(random: Random): Random {
  return seededRandom(Math.floor(random.between(0, 2 ** 32)))
}
