/** The immutable files of one run, as the writer leaves them and the reader returns them. */
import type { DriverLimits, DriverStall, LoadTotals, ProbeSample, Sample } from './load.ts'
import type { LoadRecord } from './remote-load.ts'
import type { DisruptionName, Scenario } from './scenario.ts'
import type { LedgerEntry, Mark, Transition, Witness } from './transition.ts'

export const RECORDING_VERSION = 1

export interface Provenance {
  rollproofVersion: string
  gitCommit: string | null
  gitDirty: boolean | null
  argv: string[]
  nodeVersion: string
  platform: string
}

/** What made the load. */
export interface DriverFacts {
  name: 'rollproof' | 'k6'
  version: string
  /** A script of the user's own, that k6 ran; null for the load of the profile. */
  script: string | null
  /** Connections went through a relay in user space, which answers a connect before the pod is asked. */
  relayed: boolean
}

export interface ClusterFacts {
  kind: 'embedded' | 'kind' | 'context'
  /** True for the embedded cluster: every report of such a run says so. */
  modelled: boolean
  kubernetesVersion: string
  nodes: string[]
  /** Node whose forwarding table the load uses. */
  vantage: string
  /** The model's settings, as printed in the report; empty for a real cluster. */
  settings: Record<string, number | string | boolean>
}

/** What the disruption itself reported. */
export interface DisruptionRecord {
  disruption: DisruptionName
  ending: 'completed' | 'blocked' | 'timed-out' | 'failed'
  /** Names of the pods that it was to replace: those of the workload when it began. */
  targets: string[]
  /** Pods whose end the harness itself saw before the load stopped. */
  gone: string[]
  detail: string | null
}

export interface Manifest {
  version: typeof RECORDING_VERSION
  /** `<scenario>.<disruption>` */
  name: string
  runId: string
  runPrefix: string
  seed: number
  startedUs: number
  /** Null while running, and for ever in a run that broke off. */
  endedUs: number | null
  /** Why the run broke off; null when it ended by itself. */
  interrupted: string | null
  scenario: Scenario
  cluster: ClusterFacts
  /** Absent in recordings of before there was another driver than our own. */
  driver?: DriverFacts
  provenance: Provenance
  disruption: DisruptionRecord | null
  /** The witnesses that this cluster offers; each must have synced. */
  witnesses: Witness[]
  /** Whether the workload keeps a ledger (the sample app does). */
  ledger: boolean
  /** The driver's own account; null when it never gave one. */
  totals: LoadTotals | null
  /** Absent where the load is a child of the harness on a modelled cluster. */
  load?: LoadRecord
}

export interface Recording {
  manifest: Manifest
  samples: Sample[]
  stalls: DriverStall[]
  /** In the order in which they ended; outside the books. */
  probes: ProbeSample[]
  /** What the driver's machine could not give it; null in recordings of before it was told. */
  limits: DriverLimits | null
  transitions: Transition[]
  marks: Mark[]
  ledger: LedgerEntry[]
  /** Lines that could not be read (a torn last line after a crash): file and count. */
  torn: { file: string; lines: number }[]
}
