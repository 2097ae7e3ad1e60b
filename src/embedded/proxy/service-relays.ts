/**
 * The relays of a cluster: for each port of a Service one on its cluster IP, by the rules of the node where clients sit,
 * and for each node port one on each node's address, by the rules of that node.
 */
import type { RelayLine } from '../../model/embedded-cluster.ts'
import type { ForwardingRule, ForwardingService, ForwardingTable } from '../../model/forwarding.ts'
import type { RelayFeed } from '../feeds.ts'
import { Relay, type RelayAddress, type RelayParts } from './relay.ts'

export interface ServiceRelaysParts extends RelayParts {
  /** Where a port of an address of this cluster is on this machine. */
  reach: (address: string, port: number) => RelayAddress
  /** Its rules serve the cluster IPs. */
  vantage: string
  /** Address of each node, by name. */
  nodeAddresses: ReadonlyMap<string, string>
}

interface Wanted {
  kind: RelayLine['kind']
  at: RelayAddress
  service: ForwardingService
  rule: ForwardingRule
}

interface Running {
  relay: Relay
  node: string
  wanted: Wanted
}

export class ServiceRelays implements RelayFeed {
  readonly #parts: ServiceRelaysParts
  readonly #running = new Map<string, Running>()

  constructor(parts: ServiceRelaysParts) {
    this.#parts = parts
  }

  apply({ node, services }: ForwardingTable): void {
    const wanted = new Map(services.flatMap(service => this.#wantedFor(node, service)))
    for (const [key, running] of this.#running) {
      if (running.node !== node || wanted.has(key)) continue
      running.relay.stop()
      this.#running.delete(key)
    }
    for (const [key, want] of wanted) {
      const relay =
        this.#running.get(key)?.relay ?? new Relay(this.#parts.reach(want.at.host, want.at.port), this.#parts)
      this.#running.set(key, { relay, node, wanted: want })
      relay.use(want.rule, want.service.affinitySeconds)
    }
  }

  /** By Service, the cluster IP first. */
  list(): RelayLine[] {
    const sortKey = ({ node, wanted }: Running): string => `${wanted.service.service} ${wanted.kind} ${node}`
    return [...this.#running.values()]
      .sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1))
      .map(({ relay, node, wanted: { kind, at, service, rule } }) => ({
        service: service.service,
        kind,
        node,
        ...at,
        dial: relay.address,
        state: rule.endpoints.length === 0 ? 'refuses' : rule.dropped === true ? 'drops' : 'relays',
      }))
  }

  stop(): void {
    for (const { relay } of this.#running.values()) relay.stop()
    this.#running.clear()
  }

  #wantedFor(node: string, service: ForwardingService): [string, Wanted][] {
    const wanted: [string, Wanted][] = []
    const add = (kind: Wanted['kind'], at: RelayAddress, rule: ForwardingRule): void =>
      void wanted.push([`${node} ${at.host}:${at.port} ${service.service}`, { kind, at, service, rule }])
    if (node === this.#parts.vantage) {
      const port = Number(service.service.slice(service.service.lastIndexOf(':') + 1))
      add('ClusterIP', { host: service.clusterIP, port }, service)
    }
    const host = this.#parts.nodeAddresses.get(node)
    const { nodePort } = service
    if (nodePort !== undefined && host !== undefined) add('NodePort', { host, port: nodePort.port }, nodePort)
    return wanted
  }
}
