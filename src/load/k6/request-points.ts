/**
 * Puts the points of one request together again. k6 writes them one after the other, and only a `http_reqs` begins the
 * next; so a request is whole when each of its eight metrics has been seen.
 */
import { assert } from '../../base/assert.ts'
import type { K6Request } from './outcome.ts'
import { requestMetrics, type K6Point } from './points.ts'

export interface WholeRequest extends K6Request {
  tags: K6Point['tags']
  metadata: K6Point['metadata']
}

export class RequestPoints {
  #first: K6Point | null = null
  readonly #values = new Map<string, number>()

  /** Takes a point of a request; gives the request when this one completes it. */
  add(point: K6Point): WholeRequest | null {
    if (point.metric === 'http_reqs') {
      assert(this.#first === null, 'k6 began a request before it had told the last one whole')
      this.#first = point
    }
    assert(this.#first !== null && this.#first.atUs === point.atUs, `k6 told ${point.metric} of no request`)
    this.#values.set(point.metric, point.value)
    if (this.#values.size < requestMetrics.length) return null
    const whole = this.#whole(this.#first)
    this.#first = null
    this.#values.clear()
    return whole
  }

  #whole({ atUs, tags, metadata }: K6Point): WholeRequest {
    const span = (metric: (typeof requestMetrics)[number]): number => this.#values.get(metric) ?? 0
    return {
      endedUs: atUs,
      status: Number(tags.status ?? 0),
      errorCode: Number(tags.error_code ?? 0),
      blockedMs: span('http_req_blocked'),
      connectingMs: span('http_req_connecting'),
      handshakingMs: span('http_req_tls_handshaking'),
      durationMs: span('http_req_duration'),
      sendingMs: span('http_req_sending'),
      waitingMs: span('http_req_waiting'),
      receivingMs: span('http_req_receiving'),
      tags,
      metadata,
    }
  }
}
