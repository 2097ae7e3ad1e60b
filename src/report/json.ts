/**
 * report.json, for machines: the whole analysis under a version of its own. Every object is built field by field, so the
 * order of keys never depends on how an analysis came about, a field that the schema lacks cannot slip in, and a field
 * added to the analysis does not compile until it is decided here (and in report.schema.json).
 */
import type {
  Analysis,
  Attribution,
  CauseSummary,
  DriverSummary,
  ForeignDriver,
  Finding,
  LedgerSummary,
  Outage,
  PopulationSummary,
  Statistics,
  Termination,
} from '../analysis/analysis.ts'
import { causes } from '../model/cause.ts'
import { failureClasses, populations } from '../model/load.ts'
import type { LoadTotals } from '../model/load.ts'
import type { ClusterFacts, DisruptionRecord, Provenance } from '../model/recording.ts'
import type { PopulationExpectation } from '../model/scenario.ts'
import type { RunReport } from './run-report.ts'

/** Counts up when a field is removed or changes its meaning; a further field alone does not. */
export const REPORT_SCHEMA_VERSION = 1

export type ReportDocument = { schemaVersion: typeof REPORT_SCHEMA_VERSION } & RunReport

export function renderJson(report: RunReport): string {
  return `${JSON.stringify(reportDocument(report), null, 2)}\n`
}

export function reportDocument(report: RunReport): ReportDocument {
  const { runId, startedAt, durationMs, verdict, asDeclared, exitCode, interrupted } = report
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    runId,
    startedAt,
    durationMs,
    verdict,
    asDeclared,
    exitCode,
    interrupted,
    notRun: report.notRun.map(({ name, why }) => ({ name, why })),
    measuredAgain: report.measuredAgain.map(({ name, why, recording }) => ({ name, why, recording })),
    provenance: provenanceFields(report.provenance),
    analyses: report.analyses.map(analysisFields),
  }
}

function analysisFields(analysis: Analysis): Analysis {
  const { name, scenario, title, shows, disruption, verdict, asDeclared, sentence, startedUs, durationMs } =
    analysis
  return {
    name,
    scenario,
    title,
    shows,
    disruption,
    verdict,
    asDeclared,
    sentence,
    startedUs,
    durationMs,
    findings: analysis.findings.map(findingFields),
    record: analysis.record === null ? null : recordFields(analysis.record),
    requests: totalsFields(analysis.requests),
    failuresByClass: ordered(failureClasses, analysis.failuresByClass),
    populations: analysis.populations.map(populationFields),
    causes: analysis.causes.map(causeFields),
    longestOutageMs: analysis.longestOutageMs,
    outages: analysis.outages.map(outageFields),
    statistics: statisticsFields(analysis.statistics),
    terminations: analysis.terminations.map(terminationFields),
    driver: driverFields(analysis.driver),
    ledger: analysis.ledger === null ? null : ledgerFields(analysis.ledger),
    phases: analysis.phases.map(({ mark, fromUs, toUs }) => ({ mark, fromUs, toUs })),
    cluster: clusterFields(analysis.cluster),
    provenance: provenanceFields(analysis.provenance),
    attributions: analysis.attributions.map(attributionFields),
  }
}

/** The members that are present, in the order of their closed set. */
function ordered<K extends string>(
  keys: readonly K[],
  counts: Partial<Record<K, number>>,
): Partial<Record<K, number>> {
  const present = keys.filter(key => counts[key] !== undefined)
  return Object.fromEntries(present.map(key => [key, counts[key]])) as Partial<Record<K, number>>
}

const findingFields = ({ code, severity, message, remedy }: Finding): Finding => ({
  code,
  severity,
  message,
  remedy,
})

const recordFields = ({ disruption, ending, targets, gone, detail }: DisruptionRecord): DisruptionRecord => ({
  disruption,
  ending,
  targets: [...targets],
  gone: [...gone],
  detail,
})

const totalsFields = (totals: LoadTotals): LoadTotals => ({
  scheduled: totals.scheduled,
  sent: totals.sent,
  skipped: totals.skipped,
  succeeded: totals.succeeded,
  failed: totals.failed,
  unresolved: totals.unresolved,
})

const populationFields = (summary: PopulationSummary): PopulationSummary => ({
  population: summary.population,
  sent: summary.sent,
  succeeded: summary.succeeded,
  failed: summary.failed,
  unresolved: summary.unresolved,
  skipped: summary.skipped,
  byClass: ordered(failureClasses, summary.byClass),
  byCause: ordered(causes, summary.byCause),
  byProbe: ordered(['connection-died', 'service-down'], summary.byProbe ?? {}),
  expectation: expectationFields(summary.expectation),
  latencyMsP50: summary.latencyMsP50,
  latencyMsP99: summary.latencyMsP99,
})

const expectationFields = (expectation: PopulationExpectation): PopulationExpectation => ({
  failures: expectation.failures,
  causes: [...expectation.causes],
  allowed: [...expectation.allowed],
})

const causeFields = (summary: CauseSummary): CauseSummary => ({
  cause: summary.cause,
  count: summary.count,
  byPopulation: ordered(populations, summary.byPopulation) as CauseSummary['byPopulation'],
  byClass: ordered(failureClasses, summary.byClass),
  happened: summary.happened,
  change: summary.change,
})

const outageFields = ({ population, fromUs, toUs, durationMs, failures }: Outage): Outage => ({
  population,
  fromUs,
  toUs,
  durationMs,
  failures,
})

const statisticsFields = (statistics: Statistics): Statistics => ({
  terminations: statistics.terminations,
  failingTerminations: statistics.failingTerminations,
  failingShareUpperBound: statistics.failingShareUpperBound,
  visibleWindowMs: statistics.visibleWindowMs,
})

const terminationFields = (termination: Termination): Termination => ({
  pod: termination.pod,
  node: termination.node,
  terminatingUs: termination.terminatingUs,
  preStopMs: termination.preStopMs,
  sigtermUs: termination.sigtermUs,
  listenerClosedUs: termination.listenerClosedUs,
  exitedUs: termination.exitedUs,
  exitCode: termination.exitCode,
  killed: termination.killed,
  sandboxGoneUs: termination.sandboxGoneUs,
  unroutedUs: termination.unroutedUs,
  deletedUs: termination.deletedUs,
  failures: termination.failures,
})

const driverFields = (driver: DriverSummary): DriverSummary => ({
  latenessMsP50: driver.latenessMsP50,
  latenessMsP99: driver.latenessMsP99,
  latenessMsMax: driver.latenessMsMax,
  stalls: driver.stalls,
  longestStallMs: driver.longestStallMs,
  totals: driver.totals === null ? null : totalsFields(driver.totals),
  ...(driver.foreign === undefined ? {} : { foreign: foreignFields(driver.foreign) }),
})

const foreignFields = (foreign: ForeignDriver): ForeignDriver => ({
  name: foreign.name,
  version: foreign.version,
  script: foreign.script,
  limits: [...foreign.limits],
})

const ledgerFields = (ledger: LedgerSummary): LedgerSummary => ({
  arrived: ledger.arrived,
  answered: ledger.answered,
  succeededNotAnswered: ledger.succeededNotAnswered,
  arrivedNotSent: ledger.arrivedNotSent,
  answeredButFailed: ledger.answeredButFailed,
  lost: ledger.lost,
  ambiguous: ledger.ambiguous,
  duplicated: ledger.duplicated,
})

const clusterFields = (cluster: ClusterFacts): ClusterFacts => ({
  kind: cluster.kind,
  modelled: cluster.modelled,
  kubernetesVersion: cluster.kubernetesVersion,
  nodes: [...cluster.nodes],
  vantage: cluster.vantage,
  settings: Object.fromEntries(Object.entries(cluster.settings).sort(([a], [b]) => (a < b ? -1 : 1))),
})

const provenanceFields = (provenance: Provenance): Provenance => ({
  rollproofVersion: provenance.rollproofVersion,
  gitCommit: provenance.gitCommit,
  gitDirty: provenance.gitDirty,
  argv: [...provenance.argv],
  nodeVersion: provenance.nodeVersion,
  platform: provenance.platform,
})

const attributionFields = (attribution: Attribution): Attribution => ({
  seq: attribution.seq,
  population: attribution.population,
  kind: attribution.kind,
  failureClass: attribution.failureClass,
  failureName: attribution.failureName,
  phase: attribution.phase,
  code: attribution.code,
  scheduledUs: attribution.scheduledUs,
  endedUs: attribution.endedUs,
  pod: attribution.pod,
  connectionId: attribution.connectionId,
  connectionUse: attribution.connectionUse,
  connectionAgeMs: attribution.connectionAgeMs,
  connectionIdleMs: attribution.connectionIdleMs,
  localPort: attribution.localPort,
  endpoint: attribution.endpoint,
  probe: attribution.probe,
  cause: attribution.cause,
  basis: attribution.basis,
  evidence: [...attribution.evidence],
  processed: attribution.processed,
})
