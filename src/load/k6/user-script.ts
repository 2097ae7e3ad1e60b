/**
 * The books of a k6 script of the user's own. Each of its HTTP requests to the target is a sample; requests elsewhere are
 * not. Assumed: k6 keeps connections, so a request is one of `reused`, unless the script gives it (or its scenario) the
 * tag `population`. Not known: when a request was due, and what was in flight when k6 was stopped; neither is counted.
 */
import { populations } from '../../model/load.ts'
import type { LoadTotals, Population, Sample } from '../../model/load.ts'
import { beginSample, Ledger, type Account } from './account.ts'
import { instantsOf, outcomeOf } from './outcome.ts'
import type { K6Point } from './points.ts'
import type { WholeRequest } from './request-points.ts'

export class UserScriptAccount implements Account {
  /** A script that waits for an answer has no open request that anybody could know of. */
  readonly open = 0
  readonly #ledger: Ledger
  readonly #target: string
  #nextSeq = 0
  #untilUs = Number.POSITIVE_INFINITY

  /** `target`: host and port, as a URL names them. */
  constructor(target: string, onSample: (sample: Sample) => void) {
    this.#target = target
    this.#ledger = new Ledger(onSample)
  }

  get totals(): LoadTotals {
    return this.#ledger.books.totals()
  }

  /** From here on k6 is being stopped, which cuts requests off: what ends later ended for that reason. */
  stopAt(atUs: number): void {
    this.#untilUs = Math.min(this.#untilUs, atUs)
  }

  point({ metric, atUs, tags, value }: K6Point): void {
    if (metric !== 'dropped_iterations' || atUs > this.#untilUs) return
    for (let count = 0; count < value; count++) {
      const population = populationOf(tags)
      this.#ledger.begin(false)
      const sample = beginSample({
        seq: this.#nextSeq++,
        population,
        kind: 'get',
        scheduledUs: atUs,
        sentUs: null,
      })
      this.#ledger.end(sample, { kind: 'skipped' })
    }
  }

  request(request: WholeRequest): void {
    const { endedUs, tags } = request
    if (endedUs > this.#untilUs || !this.#isAtTarget(tags.url)) return
    const { sentUs, writtenUs, firstByteUs } = instantsOf(request)
    this.#ledger.begin(true)
    const sample = beginSample({
      seq: this.#nextSeq++,
      population: populationOf(tags),
      kind: tags.method === 'POST' ? 'post' : 'get',
      scheduledUs: sentUs,
      sentUs,
    })
    this.#ledger.end({ ...sample, writtenUs, firstByteUs, endedUs }, outcomeOf(request, ''))
  }

  close(): LoadTotals {
    return this.#ledger.books.close()
  }

  /** A script may give its requests a name, and then k6 tells that instead of the address: it counts. */
  #isAtTarget(url: string | undefined): boolean {
    if (url === undefined || !URL.canParse(url)) return true
    const { protocol, host } = new URL(url)
    return !/^(http|https|ws|wss):$/.test(protocol) || host === this.#target
  }
}

function populationOf(tags: K6Point['tags']): Population {
  return populations.find(name => name === tags.population) ?? 'reused'
}
