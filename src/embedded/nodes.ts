/** The Node objects: one control plane, which is tainted and never drained, and the workers. */
import type { Clock } from '../base/clock.ts'
import type { Node } from '../kube/types.ts'
import type { NodeIdentity } from './kubelet/kubelet-parts.ts'
import { nodeConditions } from './kubelet/node-conditions.ts'
import { instant } from './kubelet/pod-status.ts'

export const controlPlane = 'control-plane'

export function nodeNames(workers: number): string[] {
  return [controlPlane, ...Array.from({ length: workers }, (_, index) => `worker-${index + 1}`)]
}

export function nodeObject({ name, address }: NodeIdentity, kubernetesVersion: string, clock: Clock): Node {
  const room = { cpu: '4', memory: '8Gi', 'ephemeral-storage': '100Gi', pods: '110' }
  const isControlPlane = name === controlPlane
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch,
        ...(isControlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
      },
    },
    spec: isControlPlane
      ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }
      : {},
    status: {
      capacity: room,
      allocatable: room,
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      conditions: nodeConditions(null, instant(clock.nowUs())),
      nodeInfo: {
        kubeletVersion: kubernetesVersion,
        containerRuntimeVersion: 'rollproof://processes',
        operatingSystem: 'linux',
        architecture: process.arch,
        osImage: 'rollproof embedded cluster (modelled)',
        kernelVersion: process.version,
        machineID: name,
        systemUUID: name,
        bootID: name,
        kubeProxyVersion: kubernetesVersion,
      },
    },
  }
}
