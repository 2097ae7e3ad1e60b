/** What a kubelet is given. */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { ClusterApi } from '../cluster-api.ts'
import type { ContainerSteps } from '../container-steps.ts'
import type { Images } from '../images.ts'
import type { PodNetwork } from '../pod-network/pod-network.ts'
import type { Settings } from '../settings.ts'
import type { ContainerRuntime } from './container-runtime.ts'

export interface NodeIdentity {
  name: string
  address: string
}

/** Makes an address silent, as that of a pod whose sandbox is gone. */
export interface SilenceSource {
  /** Prepared when the last process exits, so that the silence itself can begin on time. */
  prepare(address: string, ports: readonly number[]): { begin(): void }
}

export interface KubeletParts {
  api: ClusterApi
  clock: Clock
  settings: Settings
  random: Random
  node: NodeIdentity
  runtime: ContainerRuntime
  images: Images
  steps: ContainerSteps
  silence: SilenceSource
  nextPodAddress: () => string
  /** Where addresses and ports of pods and Services really are. */
  network: Pick<PodNetwork, 'host' | 'reach'>
  /** Makes the pod's own folder and returns it. */
  podFolder: (uid: string) => string
  /** The pod has ended: its folder goes. */
  removePodFolder?: (uid: string) => void
  /** Holds the volumes of all claims, which outlive their pods. */
  volumesFolder: string
  /** The log of a container's latest instance. */
  logFile?: (namespace: string, pod: string, container: string) => string | null
  /** In the environment of every process of a pod. */
  processEnvironment: Record<string, string>
}
