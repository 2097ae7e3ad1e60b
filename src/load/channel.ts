/**
 * A connection of any protocol, as the sender sees it. It decides the outcome of each exchange that it was given, once;
 * it never sends anything twice, and it never opens a second connection in secret.
 */
import type { Clock } from '../base/clock.ts'
import type { CustomRequest, TlsTarget } from '../model/load.ts'
import type { Deadlines } from './deadlines.ts'
import type { DelayLine } from './delay-line.ts'
import type { Exchange } from './exchange.ts'
import type { LinkRoute } from './link.ts'

export interface Channel {
  /**
   * It can take one more exchange now: nothing is known against it, and it has room. A protocol that carries many
   * exchanges at once stays idle up to its limit, also while it connects.
   */
  readonly idle: boolean
  /** It is alive, and carries as many exchanges as it may: it will take another when one of them has ended. */
  readonly full: boolean
  /**
   * Sends the request; on the first one, connects before. The channel fills in the exchange's sample, and settles it
   * exactly once, perhaps within this call; afterwards it does not touch the exchange any more.
   */
  send(exchange: Exchange, nowUs: number): void
  /** The driver needs it no more: says goodbye where its protocol has one, and ends. No open exchange is settled. */
  close(): void
}

/** What all channels of a driver have in common. */
export interface ChannelSetting {
  readonly clock: Clock
  readonly wire: DelayLine
  readonly deadlines: Deadlines
  /** Value of the Host header (`:authority`). */
  readonly host: string
  readonly tls: TlsTarget | null
  /** What is sent in place of the requests that the sample app knows; null for these. */
  readonly request: CustomRequest | null
  readonly connectTimeoutMs: number
  readonly firstByteTimeoutMs: number
}

/** Makes the channel `id`, which is unique in the run. It does not connect before its first request. */
export type OpenChannel = (id: number, route: LinkRoute) => Channel
