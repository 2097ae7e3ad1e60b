/** A request that was sent at once and answered, but for what a test says of it. */
import type { Sample } from '../model/load.ts'

export function sampleOf(changes: Partial<Sample>): Sample {
  return {
    seq: 0,
    population: 'fresh',
    kind: 'get',
    scheduledUs: 0,
    sentUs: 1,
    writtenUs: 2,
    firstByteUs: 3,
    endedUs: 4,
    connection: null,
    servedBy: null,
    outcome: { kind: 'succeeded', status: 200 },
    ...changes,
  }
}
