/**
 * A connection of any protocol, as the sender sees it. It decides the outcome of each exchange that it was given, once;
 * it never sends anything twice, and it never opens a second connection in secret.
 */
import type { Exchange } from './exchange.ts'

export interface Channel {
  /** It can take one more exchange now: open (or not yet opened), and nothing is known against it. */
  readonly idle: boolean
  /**
   * Sends the request; on the first one, connects before. The channel fills in the exchange's sample, and settles it
   * exactly once, perhaps within this call; afterwards it does not touch the exchange any more.
   */
  send(exchange: Exchange, nowUs: number): void
  /** The driver needs it no more: says goodbye where its protocol has one, and ends. No open exchange is settled. */
  close(): void
}
