/**
 * Which rejected connects a node's kernel tells their client of. Its ICMP answers to one client go by a bucket of tokens
 * that is full at first and fills with time (net.ipv4.icmp_ratelimit). The drivers of one client share the bucket.
 */
import type { RejectAnswers } from '../model/forwarding.ts'

export class RejectBucket {
  /** In time: a token is worth an interval. Full at first, however much that is. */
  #savedUs = Number.POSITIVE_INFINITY
  #lastUs = 0
  readonly #sharers: number

  constructor(sharers: number) {
    this.#sharers = sharers
  }

  answers(nowUs: number, { intervalMs, burst }: RejectAnswers): boolean {
    const tokenUs = intervalMs * 1000 * this.#sharers
    // Each sharer has at least one to begin with, or it would never have one.
    const mostUs = Math.max(tokenUs, burst * intervalMs * 1000)
    this.#savedUs = Math.min(mostUs, this.#savedUs + nowUs - this.#lastUs)
    this.#lastUs = nowUs
    if (this.#savedUs < tokenUs) return false
    this.#savedUs -= tokenUs
    return true
  }
}
