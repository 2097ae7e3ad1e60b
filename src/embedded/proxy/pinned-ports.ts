/**
 * The memory of conntrack for SYNs that nobody answered (semantics §7.4): for as long as it lasts, a new connection from
 * the same address and port goes to the same endpoint, whatever the rules say by then.
 */
import type { Clock } from '../../base/clock.ts'
import type { ForwardingEndpoint } from '../../model/forwarding.ts'

const pinLimit = 16_384

export class PinnedPorts {
  readonly #clock: Clock
  readonly #pinMs: number
  /** By `address:port` of the client, oldest first. */
  readonly #pins = new Map<string, { endpoint: ForwardingEndpoint; untilUs: number }>()

  constructor(clock: Clock, pinMs: number) {
    this.#clock = clock
    this.#pinMs = pinMs
  }

  add(source: string, endpoint: ForwardingEndpoint): void {
    const nowUs = this.#clock.nowUs()
    this.#pins.delete(source)
    this.#pins.set(source, { endpoint, untilUs: nowUs + this.#pinMs * 1000 })
    for (const [oldest, { untilUs }] of this.#pins) {
      if (untilUs > nowUs && this.#pins.size <= pinLimit) break
      this.#pins.delete(oldest)
    }
  }

  of(source: string): ForwardingEndpoint | null {
    const pin = this.#pins.get(source)
    return pin === undefined || pin.untilUs <= this.#clock.nowUs() ? null : pin.endpoint
  }
}
