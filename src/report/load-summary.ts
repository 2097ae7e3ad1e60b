/** The account of a load of its own (`rollproof load`): for a reader, and as one JSON document. */
import { processedByName } from '../model/failure-name.ts'
import type { LoadTotals } from '../model/load.ts'
import type { Provenance } from '../model/recording.ts'
import { counted, duration, figure } from './words.ts'

/** Counts up when a field is removed or changes its meaning; a further field alone does not. */
export const LOAD_SCHEMA_VERSION = 1

/** Failed requests of one dotted name, by the connections that they were for. */
export interface FailureCount {
  class: string
  connection: 'fresh' | 'reused'
  count: number
}

/** Null where nothing was counted. */
export interface Spread {
  count: number
  min: number | null
  mean: number | null
  p50: number | null
  p90: number | null
  p99: number | null
  p999: number | null
  max: number | null
}

export interface LoadSummary extends LoadTotals {
  url: string
  /** The address that the name stood for. */
  address: string
  method: string
  http: string
  /** As asked for: of all connections together. Null where the load went in steps. */
  ratePerSecond: number | null
  connections: number
  connectionUse: 'fresh' | 'reused' | 'both'
  pacing: string
  seed: number
  workers: number
  startedAt: string
  durationMs: number
  failures: FailureCount[]
  /** From the scheduled time to the end of the answer, of the requests that succeeded. */
  latencyUs: Spread
  /** From the scheduled time to the sending: the driver's own delay. */
  latenessUs: Spread
  stalls: { count: number; longestMs: number }
  /** Why the measurement itself is in doubt; empty when it is not. */
  doubts: string[]
  interrupted: string | null
  exitCode: number
  provenance: Provenance
}

export function renderLoadJson(summary: LoadSummary): string {
  const { scheduled, skipped, sent, succeeded, failed, unresolved, failures, latencyUs, ...others } = summary
  const document = {
    schemaVersion: LOAD_SCHEMA_VERSION,
    scheduled,
    skipped,
    sent,
    succeeded,
    failed,
    unresolved,
    failures,
    latencyUs,
    ...others,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

export function renderLoadText(summary: LoadSummary): string {
  const { scheduled, sent, skipped, succeeded, failed, unresolved } = summary
  return [
    `${summary.method} ${summary.url} (${connectionWords(summary)}, ${duration(summary.durationMs)})`,
    '',
    `scheduled  ${figure(scheduled)} = ${figure(sent)} sent + ${figure(skipped)} skipped`,
    `sent       ${figure(sent)} = ${figure(succeeded)} succeeded + ${figure(failed)} failed + ${figure(unresolved)} unresolved`,
    ...section('failures', failureLines(summary.failures)),
    ...section('latency from the scheduled time, of what succeeded', spreadLines(summary.latencyUs)),
    ...section('lateness of the driver', spreadLines(summary.latenessUs)),
    ...section('not measured', summary.doubts),
    '',
  ].join('\n')
}

function connectionWords({ connectionUse, connections }: LoadSummary): string {
  switch (connectionUse) {
    case 'fresh':
      return 'a connection for each request'
    case 'reused':
      return counted(connections, 'reused connection')
    case 'both':
      return `fresh connections, and ${counted(connections, 'reused one')}`
  }
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map(line => `  ${line}`)]
}

/** What a reader wants to know of a failure is whether the server may have done the work. */
const processedWords = {
  no: 'the server never had it',
  partly: 'cut off while it was being dealt with',
  unknown: 'the server may have done it',
} as const

function failureLines(failures: readonly FailureCount[]): string[] {
  const digits = Math.max(0, ...failures.map(({ count }) => figure(count).length))
  const width = Math.max(0, ...failures.map(each => each.class.length))
  return failures.map(({ class: name, connection, count }) => {
    const processed = processedWords[processedByName(name) ?? 'unknown']
    return `${figure(count).padStart(digits)}  ${name.padEnd(width)}  ${connection.padEnd(6)}  ${processed}`
  })
}

function spreadLines({ p50, p90, p99, p999, max }: Spread): string[] {
  const named = { p50, p90, p99, 'p99.9': p999, max }
  const parts = Object.entries(named).flatMap(([name, us]) => (us === null ? [] : [`${name} ${inMs(us)}`]))
  return parts.length === 0 ? [] : [parts.join(', ')]
}

function inMs(us: number): string {
  return us < 10_000 ? `${(us / 1000).toFixed(2)} ms` : duration(us / 1000)
}
