/** What the handlers of requests work with. */
import type { Clock } from '../../../base/clock.ts'
import type { CommandSource, ContainerFeed, ForwardingFeed, PodLogSource } from '../../feeds.ts'
import type { Registry } from '../registry.ts'

export interface ServerContext {
  registry: Registry
  clock: Clock
  forwarding: ForwardingFeed
  containers: ContainerFeed
  logs: PodLogSource
  commands: CommandSource
  /** As in `v1.34.0`. */
  kubernetesVersion: string
}
