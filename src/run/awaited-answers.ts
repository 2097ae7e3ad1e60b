/**
 * Successes that the server's ledger has not told of yet. Which ones, and not how many: the ledger knows answers that
 * never came through as well, and their number would hide that another pod's last line is still on its way.
 */
import type { SampleRow } from '../model/load.ts'
import { sampleColumns } from '../model/sample-row.ts'
import type { LedgerEntry } from '../model/transition.ts'

const seqColumn = sampleColumns.indexOf('seq')
const outcomeColumn = sampleColumns.indexOf('outcome')

export class AwaitedAnswers {
  readonly #runPrefix: string
  readonly #awaited = new Set<string>()
  /** Told before their sample was. */
  readonly #early = new Set<string>()

  constructor(runPrefix: string) {
    this.#runPrefix = runPrefix
  }

  get count(): number {
    return this.#awaited.size
  }

  noteSample(row: SampleRow): void {
    if (row[outcomeColumn] !== 'succeeded') return
    const request = `${this.#runPrefix}-${row[seqColumn]}`
    if (!this.#early.delete(request)) this.#awaited.add(request)
  }

  /** Probes, and other runs in the same cluster, are answered too: no sample of ours ever asks for them. */
  noteLedger({ request, what }: LedgerEntry): void {
    if (what === 'answered' && !this.#awaited.delete(request)) this.#early.add(request)
  }
}
