/** The Node objects: one control plane, which is tainted and never drained, and the workers. */
import { release } from 'node:os'
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
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  // The node's own block (addresses.ts); a node that has used it up goes on in others.
  const podCIDR = address.replace(/^(\d+\.\d+)\.0\.(\d+)$/, '$1.$2.0/24')
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': architecture,
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        ...(isControlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
      },
    },
    spec: {
      podCIDR,
      podCIDRs: [podCIDR],
      ...(isControlPlane
        ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }
        : {}),
    },
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
        architecture,
        osImage: 'rollproof embedded cluster (modelled)',
        kernelVersion: release(),
        machineID: name,
        systemUUID: name,
        bootID: name,
        // Empty since 1.33 (feature gate DisableNodeKubeProxyVersion).
        kubeProxyVersion: Number(kubernetesVersion.split('.')[1]) < 33 ? kubernetesVersion : '',
      },
    },
  }
}
