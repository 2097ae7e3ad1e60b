/** Several drivers as one load: one start, one schedule, one set of books. When one breaks off, the load has. */
import { assert } from '../../base/assert.ts'
import type { ChildEnd } from '../../base/child.ts'
import type { Clock } from '../../base/clock.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { ExecPlace } from '../../kube/exec.ts'
import type { LoadPlan } from '../../model/load.ts'
import type { DriverAccount } from '../../model/remote-load.ts'
import { LiveLoad } from '../live-load.ts'
import type { LoadObserver, LoadProcess } from '../load-process.ts'
import { DriverStream } from './driver-stream.ts'
import { mergedTotals } from './totals.ts'

export interface GroupPlan {
  client: KubeClient
  clock: Clock
  relay: string[]
  drivers: readonly { place: ExecPlace; node: string | null }[]
  observer: LoadObserver
}

type Ended = Awaited<LoadProcess['ended']>

/** Between the sending of the plans and the first request: they must all have arrived. */
const LEAD_US = 500_000

export class DriverGroup {
  readonly live = new LiveLoad()
  readonly ended: Promise<Ended>
  readonly #streams: readonly DriverStream[]
  readonly #clock: Clock

  constructor({ client, clock, relay, drivers, observer }: GroupPlan) {
    this.#clock = clock
    this.#streams = drivers.map(
      ({ place, node }, share) =>
        new DriverStream({
          client,
          clock,
          relay,
          place,
          node,
          share,
          shares: drivers.length,
          observer,
          onSample: row => this.live.note(row, clock.nowUs()),
          onProgress: () => this.#noteProgress(),
        }),
    )
    this.ended = this.#awaitEnd()
  }

  /** Resolves when every driver has its plan; rejects when one broke off before. */
  async begin(plan: LoadPlan): Promise<void> {
    await Promise.race([
      Promise.all(this.#streams.map(stream => stream.related)),
      this.ended.then(({ end }): never => {
        throw new Error(`the load could not be started: ${end.stderr}`)
      }),
    ])
    const startUs = this.#clock.nowUs() + LEAD_US
    for (const stream of this.#streams) stream.begin(plan, startUs)
  }

  stop(): void {
    for (const stream of this.#streams) stream.stop()
  }

  end(reason: string): void {
    for (const stream of this.#streams) stream.end(reason)
  }

  accounts(): DriverAccount[] {
    return this.#streams.map(stream => stream.account())
  }

  /** With the first that breaks off, or with the last that has said all. */
  async #awaitEnd(): Promise<Ended> {
    const reason = await new Promise<string | null>(resolve => {
      let open = this.#streams.length
      for (const stream of this.#streams)
        void stream.over.then(why => {
          open -= 1
          if (why !== null) resolve(`driver ${stream.name}: ${why}`)
          else if (open === 0) resolve(null)
        })
    })
    if (reason !== null) {
      this.end('another driver broke off')
      return { totals: null, end: endWith(3, reason) }
    }
    const totals = mergedTotals(this.accounts())
    assert(totals !== null, 'every driver that has said all has told its totals')
    return { totals, end: endWith(0, '') }
  }

  #noteProgress(): void {
    this.live.sent = this.#streams.reduce((sum, { sent }) => sum + sent, 0)
  }
}

function endWith(exitCode: number, stderr: string): ChildEnd {
  return { exitCode, signal: null, stderr }
}
