/** What is known of a load while it runs. It steers the phases and the display: the analysis counts the recording anew. */
import type { SampleRow } from '../model/load.ts'
import { sampleColumns } from '../model/sample-row.ts'

const outcomeColumn = sampleColumns.indexOf('outcome')
const endedColumn = sampleColumns.indexOf('endedUs')

export class LiveLoad {
  sent = 0
  /** Of those sent. */
  failed = 0
  /** When a request failed or could not be sent, for the last time. */
  lastMissUs: number | null = null
  /** When a request succeeded for the first time: before that, a target that is silent looks like one without a fault. */
  firstSuccessUs: number | null = null

  /** `nowUs` stands for the end of what has none. */
  note(row: SampleRow, nowUs: number): void {
    const outcome = row[outcomeColumn]
    if (outcome === 'succeeded') {
      this.firstSuccessUs ??= Number(row[endedColumn] ?? nowUs)
      return
    }
    if (outcome !== 'skipped') this.failed += 1
    this.lastMissUs = Math.max(this.lastMissUs ?? 0, Number(row[endedColumn] ?? nowUs))
  }
}
