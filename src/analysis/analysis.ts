/**
 * What a recording proves. Everything here is derived from the recording alone, so that the same recording always gives
 * the same analysis. Instants are microseconds since the start of the recording (`manifest.startedUs`).
 */
import type { Cause } from '../model/cause.ts'
import type { FailureClass, LoadTotals, PerPopulation, Population, RequestKind } from '../model/load.ts'
import type { ClusterFacts, DisruptionRecord, Provenance } from '../model/recording.ts'
import type { DisruptionName, PopulationExpectation } from '../model/scenario.ts'
import type { MarkName } from '../model/transition.ts'

export type Verdict = 'passed' | 'failed' | 'inconclusive'

/** Why a run is inconclusive, or not as declared. Closed, so that each has a test that provokes it. */
export type FindingCode =
  // what could not be measured (inconclusive)
  | 'no-traffic'
  | 'population-silent'
  | 'no-disruption'
  | 'baseline-dirty'
  | 'cool-down-dirty'
  | 'driver-late'
  | 'driver-stalled'
  | 'requests-skipped'
  | 'target-overloaded'
  | 'books-unbalanced'
  | 'ledger-unbalanced'
  | 'watch-gap'
  | 'watch-never-synced'
  | 'rollout-unfinished'
  | 'old-pods-not-seen-to-end'
  | 'recording-torn'
  | 'run-interrupted'
  | 'load-broke-off'
  | 'limit-ports'
  | 'limit-files'
  | 'limit-cpu'
  | 'limit-run-queue'
  | 'negative-control'
  | 'clocks-unrelated'
  | 'driver-cannot-tell'
  // what was measured, and was not as declared
  | 'unexpected-failures'
  | 'undeclared-cause'
  | 'missing-cause'
  | 'ending-differs'
  // shown, without changing a verdict by itself
  | 'harness-failures'
  | 'unexplained-failures'
  | 'load-path'

export interface Finding {
  code: FindingCode
  severity: 'inconclusive' | 'not-as-declared' | 'note'
  /** What was found, with figures. */
  message: string
  /** What to do about it. */
  remedy: string
}

/** One failed (or unresolved) sample and why. */
export interface Attribution {
  seq: number
  population: Population
  kind: RequestKind
  failureClass: FailureClass
  /** What happened, and when: `closed.before-response`. */
  failureName: string
  phase: string
  code: string
  scheduledUs: number
  endedUs: number | null
  /** Pod that the connection led to; null when none was chosen. */
  pod: string | null
  connectionId: number | null
  connectionUse: number | null
  /** How old the connection was when it failed, and how long it had been idle before this request. */
  connectionAgeMs: number | null
  connectionIdleMs: number | null
  localPort: number | null
  /** `address:port` that the connection went to. */
  endpoint: string | null
  /** What a fresh connection met at once after a kept one had failed; null where none was tried. */
  probe: ProbeFinding | null
  cause: Cause
  /** `direct`: the recorded steps prove it. `temporal`: the order lies within the clocks' uncertainty. */
  basis: 'direct' | 'temporal'
  /** Short facts in order of time, each with its instant, as "+412 ms after T0: SIGTERM sent". */
  evidence: string[]
  /** What the server's ledger says: null when there is no ledger. */
  processed: 'not-seen' | 'arrived' | 'answered' | null
}

/** `connection-died`: a fresh connection was answered at once. `service-down`: it failed as well. */
export type ProbeFinding = 'connection-died' | 'service-down'

export interface CauseSummary {
  cause: Cause
  count: number
  byPopulation: PerPopulation<number>
  byClass: Partial<Record<FailureClass, number>>
  /** One sentence with figures: what happened. */
  happened: string
  /** One sentence: what to change. */
  change: string
}

export interface PopulationSummary {
  population: Population
  sent: number
  succeeded: number
  failed: number
  unresolved: number
  skipped: number
  byClass: Partial<Record<FailureClass, number>>
  byCause: Partial<Record<Cause, number>>
  /** Failures of kept connections by what a probe on a fresh one met. Absent in reports of before there were probes. */
  byProbe?: Partial<Record<ProbeFinding, number>>
  expectation: PopulationExpectation
  /** Latency from the scheduled time, successes only; null without any. */
  latencyMsP50: number | null
  latencyMsP99: number | null
}

/** A run of consecutive failed samples of one population: from the first one's schedule to the next success's. */
export interface Outage {
  population: Population
  fromUs: number
  toUs: number
  durationMs: number
  failures: number
}

/** One pod's end, the unit of statistics. Instants are null where nothing was seen. */
export interface Termination {
  pod: string
  node: string | null
  terminatingUs: number | null
  preStopMs: number | null
  sigtermUs: number | null
  listenerClosedUs: number | null
  exitedUs: number | null
  exitCode: number | null
  killed: boolean
  sandboxGoneUs: number | null
  /** When the vantage node's forwarding table last listed it. */
  unroutedUs: number | null
  deletedUs: number | null
  failures: number
}

export interface Statistics {
  terminations: number
  failingTerminations: number
  /** Upper bound (95 %) on the share of terminations that lose a request; null for n = 0. */
  failingShareUpperBound: number | null
  /** Shortest drop window per pod that `fresh` would have hit with 95 % probability. */
  visibleWindowMs: number | null
}

/** A driver that is not our own, and sees less. */
export interface ForeignDriver {
  name: 'k6'
  version: string
  /** A script of the user's own; null for the load of the profile. */
  script: string | null
  /** What it cannot see: a sentence each. */
  limits: string[]
}

export interface DriverSummary {
  latenessMsP50: number
  latenessMsP99: number
  latenessMsMax: number
  stalls: number
  longestStallMs: number
  totals: LoadTotals | null
  /** Absent for our own driver. */
  foreign?: ForeignDriver
}

export interface LedgerSummary {
  arrived: number
  answered: number
  /** Succeeded, by the client's account, but not answered by the server's: 0 in balanced books. */
  succeededNotAnswered: number
  /** Arrived at a server, but never sent by the driver: 0 in balanced books. */
  arrivedNotSent: number
  /** Failed for the client though the server answered: work done, answer lost. */
  answeredButFailed: number
  /** Ended without an answer, and never arrived at a server: safe to send again. */
  lost: number
  /** Ended without an answer, and had arrived: the work may have been done. */
  ambiguous: number
  /** Sent once, and arrived more than once: something on the way sent it again. 0 in balanced books. */
  duplicated: number
}

export interface Analysis {
  name: string
  scenario: string
  title: string
  shows: string
  disruption: DisruptionName
  cluster: ClusterFacts
  provenance: Provenance
  startedUs: number
  durationMs: number
  verdict: Verdict
  /** The verdict and its causes are what the scenario declares. Always false when inconclusive. */
  asDeclared: boolean
  /** One sentence under the table's row; null for a clean row. */
  sentence: string | null
  findings: Finding[]
  record: DisruptionRecord | null
  populations: PopulationSummary[]
  requests: LoadTotals
  failuresByClass: Partial<Record<FailureClass, number>>
  causes: CauseSummary[]
  attributions: Attribution[]
  terminations: Termination[]
  outages: Outage[]
  longestOutageMs: number
  statistics: Statistics
  driver: DriverSummary
  ledger: LedgerSummary | null
  phases: { mark: MarkName; fromUs: number; toUs: number | null }[]
}
