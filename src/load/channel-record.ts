/** What a connection has been through, as the samples of its requests tell it. */
import type { Sample } from '../model/load.ts'
import type { LinkRoute, TransportLink } from './link.ts'

export class ChannelRecord {
  #uses = 0
  #openedUs = 0
  #idleSinceUs: number | null = null
  #localPort: number | null = null
  readonly #id: number
  #route: LinkRoute

  constructor(id: number, route: LinkRoute) {
    this.#id = id
    this.#route = route
  }

  /** One more request. On a connection that carries several at a time, it was idle only while it carried none. */
  noteUse(sample: Sample, nowUs: number): void {
    this.#uses += 1
    if (this.#uses === 1) this.#openedUs = nowUs
    sample.connection = {
      id: this.#id,
      use: this.#uses,
      idleUs: this.#uses === 1 ? null : nowUs - (this.#idleSinceUs ?? nowUs),
      openedUs: this.#openedUs,
      localPort: this.#localPort,
      remoteAddress: this.#route.address,
      remotePort: this.#route.port,
    }
    this.#idleSinceUs = null
  }

  noteIdle(nowUs: number): void {
    this.#idleSinceUs = nowUs
  }

  /** A connect that hangs has a port too, and which one tells a poisoned conntrack entry from a slow server. */
  notePort(link: TransportLink | null, sample: Sample): void {
    this.#localPort ??= link?.localPort ?? null
    this.#route = link?.route ?? this.#route
    this.#openedUs = this.#route.sentUs ?? this.#openedUs
    if (sample.connection === null) return
    sample.connection.openedUs = this.#openedUs
    sample.connection.localPort = this.#localPort
    sample.connection.remoteAddress = this.#route.address
    sample.connection.remotePort = this.#route.port
  }
}
