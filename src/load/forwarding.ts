/**
 * The choice a node's kernel makes for each new connection: one of the service's endpoints, uniformly at random, by the
 * table in force at that moment; with session affinity the endpoint of the connection before, as long as the rules name
 * it (all connections of the load come from one address). Established connections stay where they are, as they do under
 * conntrack. Without an endpoint few connects are refused, and most are left without an answer.
 */
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { ForwardingEndpoint, ForwardingTable, RejectAnswers } from '../model/forwarding.ts'
import type { LinkRoute } from './link.ts'
import { RejectBucket } from './reject-bucket.ts'
import type { Routes } from './routes.ts'

export class ForwardedRoutes implements Routes {
  #endpoints: readonly ForwardingEndpoint[] = []
  #affinityUs = 0
  #roundTripMs = 0
  #clusterIP: string | null = null
  #rejectAnswers: RejectAnswers = { intervalMs: 0, burst: 1 }
  #last: { endpoint: ForwardingEndpoint; atUs: number } | null = null
  readonly #service: string
  readonly #random: Random
  readonly #clock: Clock
  readonly #bucket: RejectBucket

  /** `drivers`: how many share the client's address. */
  constructor(service: string, parts: { random: Random; clock: Clock; drivers: number }) {
    this.#service = service
    this.#random = parts.random
    this.#clock = parts.clock
    this.#bucket = new RejectBucket(parts.drivers)
  }

  adopt(table: ForwardingTable): void {
    const entry = table.services.find(({ service }) => service === this.#service)
    this.#endpoints = entry?.endpoints ?? []
    this.#affinityUs = (entry?.affinitySeconds ?? 0) * 1_000_000
    this.#roundTripMs = table.roundTripMs
    this.#clusterIP = entry?.clusterIP ?? null
    this.#rejectAnswers = table.rejectAnswers
  }

  choose(): LinkRoute | null {
    if (this.#endpoints.length === 0) return this.#reject()
    const { address, port } = this.#affinityUs === 0 ? this.#random.pick(this.#endpoints) : this.#sticky()
    return { address, port, roundTripMs: this.#roundTripMs }
  }

  #reject(): LinkRoute | null {
    const address = this.#clusterIP
    if (address === null || this.#bucket.answers(this.#clock.nowUs(), this.#rejectAnswers)) return null
    const port = Number(this.#service.slice(this.#service.lastIndexOf(':') + 1))
    return { address, port, roundTripMs: this.#roundTripMs, again: () => this.choose() }
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
