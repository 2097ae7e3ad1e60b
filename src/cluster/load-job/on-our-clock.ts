/** What a driver tells, moved from its clock to ours, a row at a time: the distances within it stay exact. */
import type { DriverStall, ProbeSample, SampleRow } from '../../model/load.ts'
import { sampleColumns } from '../../model/sample-row.ts'
import type { ClockOffset } from './clock-relation.ts'

/** The offset for a span of the driver's clock. */
export type OffsetFor = (fromUs: number, toUs: number) => ClockOffset

const instants = ['scheduledUs', 'sentUs', 'writtenUs', 'firstByteUs', 'endedUs'] as const
const column = (name: (typeof sampleColumns)[number]): number => sampleColumns.indexOf(name)
const requestColumns = instants.map(column)
const movedColumns = [...requestColumns, column('connectionOpenedUs')]

/** The request's own instants choose the offset; its connection may be older, and by some drift less exact. */
export function rowOnOurClock(row: SampleRow, offsetFor: OffsetFor): SampleRow {
  const seen = requestColumns.flatMap(index => (typeof row[index] === 'number' ? [row[index]] : []))
  const { offsetUs } = offsetFor(Math.min(...seen), Math.max(...seen))
  return row.map((cell, index) =>
    typeof cell === 'number' && movedColumns.includes(index) ? cell - offsetUs : cell,
  )
}

export function stallOnOurClock({ fromUs, toUs }: DriverStall, offsetFor: OffsetFor): DriverStall {
  const { offsetUs } = offsetFor(fromUs, toUs)
  return { fromUs: fromUs - offsetUs, toUs: toUs - offsetUs }
}

export function probeOnOurClock(probe: ProbeSample, offsetFor: OffsetFor): ProbeSample {
  const { offsetUs } = offsetFor(probe.sentUs, probe.endedUs)
  return { ...probe, sentUs: probe.sentUs - offsetUs, endedUs: probe.endedUs - offsetUs }
}
