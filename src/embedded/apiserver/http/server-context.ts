/** What the handlers of requests work with. */
import type { Clock } from '../../../base/clock.ts'
import type { ContainerFeed, ForwardingFeed, PodLogSource, RelayFeed } from '../../feeds.ts'
import type { Registry } from '../registry.ts'

export interface ServerContext {
  registry: Registry
  clock: Clock
  forwarding: ForwardingFeed
  relays: RelayFeed
  containers: ContainerFeed
  logs: PodLogSource
  /** As in `v1.34.0`. */
  kubernetesVersion: string
}
