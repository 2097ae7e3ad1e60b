/** The nodes: for each its object in the API, and its machine with its kubelet and its kube-proxy. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { EmbeddedStart } from '../model/embedded-cluster.ts'
import type { ClusterApi } from './cluster-api.ts'
import { ContainerSteps } from './container-steps.ts'
import type { DataPlane } from './data-plane.ts'
import type { CommandSource } from './feeds.ts'
import { fork } from './fork.ts'
import { Images } from './images.ts'
import { Kubelet } from './kubelet/kubelet.ts'
import type { NodeIdentity } from './kubelet/kubelet-parts.ts'
import type { NodeLink } from './kubelet/node-link.ts'
import { ProcessRuntime } from './kubelet/process-runtime.ts'
import { NodeMachine, NodeMachines } from './node-power.ts'
import { controlPlane, nodeObject } from './nodes.ts'
import { PodLogs } from './pod-logs.ts'
import type { PodNetwork } from './pod-network/pod-network.ts'
import { volumesFolderOf } from './storage/volume-folders.ts'
import { withRealEndpoints } from './pod-network/real-endpoints.ts'
import { clusterVariable } from './process-groups.ts'
import { KubeProxy } from './proxy/kube-proxy.ts'
import type { ReaperLink } from './reaper-link.ts'
import type { Settings } from './settings.ts'

export interface MachinesParts {
  api: ClusterApi
  clock: Clock
  settings: Settings
  random: Random
  nodes: readonly NodeIdentity[]
  network: PodNetwork
  kubernetesVersion: string
  dataPlane: DataPlane
  start: EmbeddedStart
  /** Marks the processes of this cluster. */
  cluster: string
  reaper: ReaperLink
}

export interface Machines {
  steps: ContainerSteps
  logs: PodLogs
  commands: CommandSource
  power: NodeMachines
  stop(): void
}

export function startMachines(parts: MachinesParts): Machines {
  const { api, clock, nodes, start, network } = parts
  for (const node of nodes) {
    const object = nodeObject(node, parts.kubernetesVersion, clock)
    const created = api.create('nodes', object)
    if (object.status !== undefined) api.updateStatus('nodes', { ...created, status: object.status })
  }
  const steps = new ContainerSteps(clock)
  const logs = new PodLogs(join(start.directory, 'logs'), clock)
  const runtime = new ProcessRuntime({ clock, openLog: spec => logs.open(spec), groups: parts.reaper })
  const startKubelet = kubeletStarter(parts, steps, logs)
  const machines = nodes.map((node, index) => {
    const machine = new NodeMachine({
      name: node.name,
      isControlPlane: node.name === controlPlane,
      api,
      clock,
      runtime,
      silence: parts.dataPlane.silence,
      network,
      startKubelet: link => startKubelet(link, node, index),
      startProxy: proxyStarter(parts, node),
    })
    return [node.name, machine] as const
  })
  const power = new NodeMachines(new Map(machines))
  return {
    steps,
    logs,
    commands: runtime,
    power,
    stop() {
      power.stop()
      runtime.killAll()
      logs.stop()
    },
  }
}

function kubeletStarter(
  { settings, random, network, dataPlane, start, cluster }: MachinesParts,
  steps: ContainerSteps,
  logs: PodLogs,
): (link: NodeLink, node: NodeIdentity, index: number) => Kubelet {
  const images = new Images(join(start.directory, 'images'), start.images)
  const folderOf = (uid: string): string => join(start.directory, 'pods', uid)
  return (link, node, index) => {
    const kubelet = new Kubelet({
      api: link.api,
      clock: link.clock,
      runtime: link.runtime,
      settings,
      random: fork(random),
      node,
      images,
      steps,
      silence: dataPlane.silence,
      nextPodAddress: () => network.nextPod(index),
      network,
      podFolder(uid) {
        mkdirSync(join(folderOf(uid), 'tmp'), { recursive: true, mode: 0o700 })
        return folderOf(uid)
      },
      volumesFolder: volumesFolderOf(start.directory),
      removePodFolder: uid => rmSync(folderOf(uid), { recursive: true, force: true }),
      logFile: (namespace, pod, container) => logs.locate(namespace, pod, container, false)?.file ?? null,
      processEnvironment: { [clusterVariable]: cluster },
    })
    kubelet.start()
    return kubelet
  }
}

/** The versions of a node's tables go on counting when its kube-proxy is started anew. */
function proxyStarter(
  { settings, random, network, dataPlane }: MachinesParts,
  { name }: NodeIdentity,
): (link: NodeLink) => KubeProxy {
  let version = 0
  return link => {
    const proxy = new KubeProxy({
      api: link.api,
      clock: link.clock,
      settings,
      random: fork(random),
      node: name,
      silentAddress: dataPlane.silentAddress,
      publish: table =>
        dataPlane.tables.publish({ ...withRealEndpoints(table, network), version: ++version }),
    })
    proxy.start()
    return proxy
  }
}
