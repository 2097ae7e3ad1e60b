/**
 * The books of the script that ships with this program (k6/load.ts): it tells when a request begins and when it is done,
 * so that one that was begun and never ended is known too. k6 does not tell when a request was due, but its schedule is
 * fixed: the n-th iteration of a scenario, dropped ones included, is due n periods after the scenario's start.
 */
import { assert, present } from '../../base/assert.ts'
import { populations, requestKinds } from '../../model/load.ts'
import type { LoadPlan, LoadTotals, Population, RequestKind, Sample } from '../../model/load.ts'
import { beginSample, Ledger, type Account } from './account.ts'
import { instantsOf, outcomeOf } from './outcome.ts'
import type { K6Point } from './points.ts'
import type { WholeRequest } from './request-points.ts'
import { strideOf } from './settings.ts'

interface Open {
  sample: Sample
  request: WholeRequest | null
}

interface Schedule {
  periodUs: number
  startUs: number | null
  dropped: number
}

export class OwnScriptAccount implements Account {
  readonly #plan: LoadPlan
  readonly #ledger: Ledger
  readonly #open = new Map<number, Open>()
  readonly #schedules: ReadonlyMap<string, Schedule>
  #dropped = 0

  constructor(plan: LoadPlan, onSample: (sample: Sample) => void) {
    this.#plan = plan
    this.#ledger = new Ledger(onSample)
    this.#schedules = new Map(
      plan.profile.populations.map(({ population, ratePerSecond }) => [
        population,
        { periodUs: 1_000_000 / ratePerSecond, startUs: null, dropped: 0 },
      ]),
    )
  }

  get open(): number {
    return this.#open.size
  }

  get totals(): LoadTotals {
    return this.#ledger.books.totals()
  }

  point(point: K6Point): void {
    switch (point.metric) {
      case 'rollproof_begun':
        return this.#begin(point)
      case 'rollproof_done':
        return this.#done(point)
      case 'dropped_iterations':
        for (let count = 0; count < point.value; count++) this.#drop(point)
    }
  }

  /** Those without a number are questions to this program itself. */
  request(request: WholeRequest): void {
    const { seq = '' } = request.metadata
    if (seq === '') return
    const open = this.#openOf(seq, 'a request')
    assert(open.request === null, `k6 told request ${seq} twice`)
    open.request = request
  }

  close(): LoadTotals {
    for (const [seq, open] of this.#open) this.#end(seq, open, '', '')
    return this.#ledger.books.close()
  }

  #begin({ atUs, tags, metadata }: K6Point): void {
    const population = populationOf(tags.scenario)
    const schedule = this.#scheduleOf(population)
    schedule.startUs ??= Number(metadata.start) * 1000
    const seq = Number(metadata.seq)
    assert(Number.isInteger(seq) && !this.#open.has(seq), `k6 began request ${metadata.seq ?? '?'} twice`)
    const due = Number(metadata.iteration) + schedule.dropped
    const scheduledUs = Math.min(atUs, Math.round(schedule.startUs + due * schedule.periodUs))
    this.#ledger.begin(true)
    const kind = kindOf(metadata.kind)
    this.#open.set(seq, {
      sample: beginSample({ seq, population, kind, scheduledUs, sentUs: atUs }),
      request: null,
    })
  }

  #done({ metadata }: K6Point): void {
    const { seq = '', pod = '', check = '' } = metadata
    const open = this.#openOf(seq, 'an end')
    assert(open.request !== null, `k6 ended request ${seq} without having told it`)
    this.#end(Number(seq), open, pod, check)
  }

  #end(seq: number, { sample, request }: Open, pod: string, check: string): void {
    this.#open.delete(seq)
    if (request === null) return this.#ledger.end(sample, { kind: 'unresolved' })
    const { writtenUs, firstByteUs } = instantsOf(request)
    sample.writtenUs = writtenUs
    sample.firstByteUs = firstByteUs
    sample.endedUs = request.endedUs
    sample.servedBy = pod === '' ? null : pod
    this.#ledger.end(sample, outcomeOf(request, check))
  }

  /** Due, and not sent: no virtual user was free. */
  #drop({ atUs, tags }: K6Point): void {
    const population = populationOf(tags.scenario)
    const { populations: profiles } = this.#plan.profile
    this.#scheduleOf(population).dropped += 1
    const seq = this.#dropped * strideOf(this.#plan) + profiles.length
    this.#dropped += 1
    this.#ledger.begin(false)
    const kind = population === 'slow' ? 'slow' : 'get'
    const sample = beginSample({ seq, population, kind, scheduledUs: atUs, sentUs: null })
    this.#ledger.end(sample, { kind: 'skipped' })
  }

  #openOf(seq: string, what: string): Open {
    return present(this.#open.get(Number(seq)), `the begin of request ${seq}, of which k6 told ${what},`)
  }

  #scheduleOf(population: Population): Schedule {
    return present(this.#schedules.get(population), `the schedule of ${population}`)
  }
}

function populationOf(scenario: string | undefined): Population {
  return present(
    populations.find(name => name === scenario),
    `the population of scenario ${scenario ?? '?'}`,
  )
}

function kindOf(text: string | undefined): RequestKind {
  return text === 'slow-post' ? 'slow' : (requestKinds.find(kind => kind === text) ?? 'get')
}
