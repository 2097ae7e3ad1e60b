/** The packed form of a Sample: one array per line keeps a recording small and still readable with any JSON tool. */
import { assert } from '../base/assert.ts'
import type {
  FailureCode,
  FailurePhase,
  Outcome,
  Population,
  RequestKind,
  Sample,
  SampleRow,
} from './load.ts'

export const sampleColumns = [
  'seq',
  'population',
  'kind',
  'scheduledUs',
  'sentUs',
  'writtenUs',
  'firstByteUs',
  'endedUs',
  'connectionId',
  'connectionUse',
  'connectionIdleUs',
  'connectionOpenedUs',
  'localPort',
  'remoteAddress',
  'remotePort',
  'servedBy',
  'outcome',
  'phase',
  'code',
  'status',
  'detail',
] as const

export function packSample(sample: Sample): SampleRow {
  const { connection, outcome } = sample
  const failed = outcome.kind === 'failed' ? outcome : null
  const status = outcome.kind === 'succeeded' ? outcome.status : (failed?.status ?? null)
  return [
    sample.seq,
    sample.population,
    sample.kind,
    sample.scheduledUs,
    sample.sentUs,
    sample.writtenUs,
    sample.firstByteUs,
    sample.endedUs,
    connection?.id ?? null,
    connection?.use ?? null,
    connection?.idleUs ?? null,
    connection?.openedUs ?? null,
    connection?.localPort ?? null,
    connection?.remoteAddress ?? null,
    connection?.remotePort ?? null,
    sample.servedBy,
    outcome.kind,
    failed?.phase ?? null,
    failed?.code ?? null,
    status,
    failed?.detail ?? null,
  ]
}

export function unpackSample(row: SampleRow): Sample {
  assert(
    row.length === sampleColumns.length,
    `a sample row has ${sampleColumns.length} columns, not ${row.length}`,
  )
  const cell = (column: (typeof sampleColumns)[number]): string | number | null =>
    row[sampleColumns.indexOf(column)] ?? null
  const text = (column: (typeof sampleColumns)[number]): string | null => cell(column) as string | null
  const count = (column: (typeof sampleColumns)[number]): number | null => cell(column) as number | null
  const connectionId = count('connectionId')
  return {
    seq: Number(cell('seq')),
    population: text('population') as Population,
    kind: text('kind') as RequestKind,
    scheduledUs: Number(cell('scheduledUs')),
    sentUs: count('sentUs'),
    writtenUs: count('writtenUs'),
    firstByteUs: count('firstByteUs'),
    endedUs: count('endedUs'),
    connection:
      connectionId === null
        ? null
        : {
            id: connectionId,
            use: Number(cell('connectionUse')),
            idleUs: count('connectionIdleUs'),
            openedUs: Number(cell('connectionOpenedUs')),
            localPort: count('localPort'),
            remoteAddress: String(cell('remoteAddress')),
            remotePort: Number(cell('remotePort')),
          },
    servedBy: text('servedBy'),
    outcome: unpackOutcome(text('outcome'), text('phase'), text('code'), count('status'), text('detail')),
  }
}

function unpackOutcome(
  kind: string | null,
  phase: string | null,
  code: string | null,
  status: number | null,
  detail: string | null,
): Outcome {
  switch (kind) {
    case 'succeeded':
      return { kind, status: status ?? 0 }
    case 'failed':
      return { kind, phase: phase as FailurePhase, code: code as FailureCode, status, detail }
    case 'unresolved':
    case 'skipped':
      return { kind }
    default:
      throw new TypeError(`unknown outcome ${JSON.stringify(kind)} in a sample row`)
  }
}
