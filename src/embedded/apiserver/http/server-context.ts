/** What the handlers of requests work with. */
import type { Clock } from '../../../base/clock.ts'
import type { EmbeddedFacts } from '../../../model/embedded-cluster.ts'
import type {
  CommandSource,
  ContainerFeed,
  ForwardingFeed,
  NodePower,
  PodLogSource,
  RelayFeed,
} from '../../feeds.ts'
import type { Reach } from '../../pod-network/pod-network.ts'
import type { Registry } from '../registry.ts'

export interface ServerContext {
  registry: Registry
  clock: Clock
  forwarding: ForwardingFeed
  relays: RelayFeed
  facts: EmbeddedFacts
  containers: ContainerFeed
  logs: PodLogSource
  /** Absent where there are no machines to switch off. */
  nodes?: NodePower
  commands: CommandSource
  /** Where a port of a pod's address really is. */
  reach: (address: string, port: number) => Reach
  /** As in `v1.34.0`. */
  kubernetesVersion: string
}
