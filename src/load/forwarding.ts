/**
 * The choice a node's kernel makes for each new connection: one of the service's endpoints, uniformly at random, by the
 * table in force at that moment. Established connections stay where they are, as they do under conntrack.
 */
import type { Random } from '../base/random.ts'
import type { ForwardingEndpoint, ForwardingTable } from '../model/forwarding.ts'
import type { LinkRoute } from './link.ts'
import type { Routes } from './routes.ts'

export class ForwardedRoutes implements Routes {
  #endpoints: readonly ForwardingEndpoint[] = []
  #roundTripMs = 0
  readonly #service: string
  readonly #random: Random

  constructor(service: string, random: Random) {
    this.#service = service
    this.#random = random
  }

  adopt(table: ForwardingTable): void {
    const entry = table.services.find(({ service }) => service === this.#service)
    this.#endpoints = entry?.endpoints ?? []
    this.#roundTripMs = table.roundTripMs
  }

  choose(): LinkRoute | null {
    if (this.#endpoints.length === 0) return null
    const { address, port } = this.#random.pick(this.#endpoints)
    return { address, port, roundTripMs: this.#roundTripMs }
  }
}
