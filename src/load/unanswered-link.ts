/**
 * A connect that nobody answers. The client's kernel sends its SYN again, and the node looks each up anew: it may be led
 * to a pod that has become ready meanwhile, be refused, or stay without an answer once more. No socket is open until it
 * is led somewhere.
 */
import type { Clock, Timer } from '../base/clock.ts'
import type { LinkListener, LinkRoute, LinkStage, TransportLink } from './link.ts'

/** From Linux 6.5 on: a second between the first SYNs, then twice as long each time (net.ipv4.tcp_syn_linear_timeouts). */
const FIRST_WAIT_MS = 1000
const EVEN_WAITS = 4
/**
 * The kernel rounds such a wait up to its next tick: SYNs were seen on kind 1.001 to 1.036 and 2.026 to 2.061 s after the
 * first, and none within 3 s of it.
 */
const TICK_US = 32_000

export class UnansweredLink implements TransportLink {
  #link: TransportLink | null = null
  #timer: Timer | null = null
  #sent = 1
  #route: LinkRoute
  readonly #listener: LinkListener
  readonly #clock: Clock
  readonly #open: (route: LinkRoute) => TransportLink

  constructor(
    route: LinkRoute,
    listener: LinkListener,
    clock: Clock,
    open: (route: LinkRoute) => TransportLink,
  ) {
    this.#route = route
    this.#listener = listener
    this.#clock = clock
    this.#open = open
    this.#await()
  }

  get stage(): LinkStage {
    return this.#link?.stage ?? 'connecting'
  }

  get alpn(): string | null {
    return this.#link?.alpn ?? null
  }

  get route(): LinkRoute {
    return this.#route
  }

  get localPort(): number | null {
    return this.#link?.localPort ?? null
  }

  get unsent(): boolean {
    return this.#link?.unsent ?? false
  }

  write(data: string | Uint8Array): void {
    this.#link?.write(data)
  }

  finish(): void {
    this.#link?.finish()
  }

  reset(): void {
    this.#timer?.cancel()
    this.#link?.reset()
  }

  #await(): void {
    const nowUs = this.#clock.nowUs()
    const waitUs = FIRST_WAIT_MS * 1000 * 2 ** Math.max(0, this.#sent - EVEN_WAITS)
    const dueUs = Math.ceil((nowUs + waitUs) / TICK_US) * TICK_US
    this.#timer = this.#clock.after((dueUs - nowUs) / 1000, () => this.#sendAgain())
  }

  #sendAgain(): void {
    this.#sent += 1
    const route = this.#route.again?.() ?? null
    this.#route = { ...(route ?? this.#route), sentUs: this.#clock.nowUs() }
    if (route === null) this.#listener.onBroken('connect', 'ECONNREFUSED')
    else if (route.again === undefined) this.#link = this.#open(this.#route)
    else this.#await()
  }
}
