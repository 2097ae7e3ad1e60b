/**
 * The choice a node's kernel makes for each new connection: one of the service's endpoints, uniformly at random, by the
 * table in force at that moment; with session affinity the endpoint of the connection before, as long as the rules name
 * it (all connections of the load come from one address). Established connections stay where they are, as they do under
 * conntrack.
 */
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { ForwardingEndpoint, ForwardingTable } from '../model/forwarding.ts'
import type { LinkRoute } from './link.ts'
import type { Routes } from './routes.ts'

export class ForwardedRoutes implements Routes {
  #endpoints: readonly ForwardingEndpoint[] = []
  #affinityUs = 0
  #roundTripMs = 0
  #last: { endpoint: ForwardingEndpoint; atUs: number } | null = null
  readonly #service: string
  readonly #random: Random
  readonly #clock: Clock

  constructor(service: string, random: Random, clock: Clock) {
    this.#service = service
    this.#random = random
    this.#clock = clock
  }

  adopt(table: ForwardingTable): void {
    const entry = table.services.find(({ service }) => service === this.#service)
    this.#endpoints = entry?.endpoints ?? []
    this.#affinityUs = (entry?.affinitySeconds ?? 0) * 1_000_000
    this.#roundTripMs = table.roundTripMs
  }

  choose(): LinkRoute | null {
    if (this.#endpoints.length === 0) return null
    const { address, port } = this.#affinityUs === 0 ? this.#random.pick(this.#endpoints) : this.#sticky()
    return { address, port, roundTripMs: this.#roundTripMs }
  }

  #sticky(): ForwardingEndpoint {
    const nowUs = this.#clock.nowUs()
    const last = this.#last
    const kept =
      last === null || nowUs - last.atUs >= this.#affinityUs
        ? undefined
        : this.#endpoints.find(
            ({ address, port }) => address === last.endpoint.address && port === last.endpoint.port,
          )
    const endpoint = kept ?? this.#random.pick(this.#endpoints)
    this.#last = { endpoint, atUs: nowUs }
    return endpoint
  }
}
