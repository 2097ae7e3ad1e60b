/**
 * For clients that dial a Service by its cluster IP (pods, curl, k6): a plain TCP relay per Service and port, which
 * chooses an endpoint per connection from one node's table. Without an endpoint it does not listen, so the kernel refuses.
 * Half-closes and resets are passed on; an endpoint that refuses resets the client, a silent one leaves it hanging.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Random } from '../../base/random.ts'
import type { Reach } from '../pod-network/pod-network.ts'
import type { ForwardingEndpoint, ForwardingService, ForwardingTable } from '../../model/forwarding.ts'

export class ServiceRelays {
  readonly #random: Random
  readonly #reach: (address: string, port: number) => Reach
  readonly #relays = new Map<string, Relay>()

  /** `reach`: where a cluster IP's port really is. */
  constructor(
    random: Random,
    reach: (address: string, port: number) => Reach = (host, port) => ({ host, port }),
  ) {
    this.#random = random
    this.#reach = reach
  }

  apply(table: ForwardingTable): void {
    const wanted = new Map(table.services.map(service => [service.service, service]))
    for (const [name, relay] of this.#relays) {
      if (wanted.has(name)) continue
      relay.stop()
      this.#relays.delete(name)
    }
    for (const [name, service] of wanted) {
      const relay = this.#relays.get(name) ?? this.#newRelay(service)
      this.#relays.set(name, relay)
      relay.use(service.endpoints)
    }
  }

  #newRelay({ service, clusterIP }: ForwardingService): Relay {
    const port = Number(service.slice(service.lastIndexOf(':') + 1))
    return new Relay(this.#reach(clusterIP, port), this.#random)
  }

  stop(): void {
    for (const relay of this.#relays.values()) relay.stop()
    this.#relays.clear()
  }
}

class Relay {
  readonly #place: Reach
  readonly #random: Random
  #endpoints: readonly ForwardingEndpoint[] = []
  #server: Server | null = null

  constructor(place: Reach, random: Random) {
    this.#place = place
    this.#random = random
  }

  use(endpoints: readonly ForwardingEndpoint[]): void {
    this.#endpoints = endpoints
    if (endpoints.length === 0) this.stop()
    else if (this.#server === null) this.#listen()
  }

  /** Connections that are open go on, as they do in the kernel. */
  stop(): void {
    this.#server?.close()
    this.#server = null
  }

  #listen(): void {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, client => this.#relay(client))
    // A port below 1024 may not be ours to bind; such a Service then has no relay.
    server.on('error', () => undefined)
    server.listen({ ...this.#place, exclusive: true })
    this.#server = server
  }

  #relay(client: Socket): void {
    if (this.#endpoints.length === 0) return void client.resetAndDestroy()
    const { address, port } = this.#random.pick(this.#endpoints)
    const upstream = connect({ host: address, port, allowHalfOpen: true, noDelay: true })
    client.setNoDelay(true)
    endTogether(client, upstream)
    endTogether(upstream, client)
    upstream.once('connect', () => {
      client.pipe(upstream)
      upstream.pipe(client)
    })
  }
}

/** A reset of one side resets the other; an orderly end of one direction is passed on by the pipe. */
function endTogether(from: Socket, to: Socket): void {
  from.on('error', () => to.resetAndDestroy())
  from.on('close', () => {
    if (!to.destroyed && !from.readableEnded) to.destroy()
  })
}
