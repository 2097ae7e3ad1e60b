/** What the hand-made analyses are put together from; each part can be told how it differs. */
import type { Attribution, PopulationSummary, Termination } from '../../analysis/analysis.ts'
import type { FailureClass, LoadTotals, Population } from '../../model/load.ts'
import type { ClusterFacts, Provenance } from '../../model/recording.ts'
import type { PopulationExpectation } from '../../model/scenario.ts'

export const provenance: Provenance = {
  rollproofVersion: '0.1.0',
  gitCommit: '0123456789abcdef0123456789abcdef01234567',
  gitDirty: false,
  argv: ['rollproof', 'run', '--tour', '--note', 'before the change'],
  nodeVersion: 'v20.20.0',
  platform: 'linux x64',
}

const nothingFails: PopulationExpectation = { failures: 'none', causes: [], allowed: [] }

export function summary(
  population: Population,
  sent: number,
  byClass: Partial<Record<FailureClass, number>> = {},
  more: Partial<PopulationSummary> = {},
): PopulationSummary {
  const unresolved = byClass.unresolved ?? 0
  const failed = Object.values(byClass).reduce((sum, count) => sum + count, 0) - unresolved
  return {
    population,
    sent,
    succeeded: sent - failed - unresolved,
    failed,
    unresolved,
    skipped: 0,
    byClass,
    byCause: {},
    byProbe: {},
    expectation: nothingFails,
    latencyMsP50: sent === 0 ? null : population === 'slow' ? 2004.2 : 1.4,
    latencyMsP99: sent === 0 ? null : population === 'slow' ? 2011.9 : 6.25,
    ...more,
  }
}

export function termination(pod: string, atMs: number, more: Partial<Termination> = {}): Termination {
  const at = (ms: number): number => (atMs + ms) * 1000
  return {
    pod,
    node: 'worker-1',
    terminatingUs: at(0),
    preStopMs: 5003,
    sigtermUs: at(5061),
    listenerClosedUs: at(5062.4),
    exitedUs: at(9120),
    exitCode: 0,
    killed: false,
    sandboxGoneUs: at(9370),
    unroutedUs: at(640),
    deletedUs: at(9900),
    failures: 0,
    ...more,
  }
}

export const cluster: ClusterFacts = {
  kind: 'embedded',
  modelled: true,
  kubernetesVersion: 'v1.34.0',
  nodes: ['control-plane', 'worker-1', 'worker-2', 'worker-3'],
  vantage: 'control-plane',
  settings: {
    proxyMinSyncMs: 1000,
    proxyExtraLagMs: 0,
    proxyJitterMs: 0,
    roundTripMs: 0,
    killFloorMs: 2000,
    kubernetesMinor: 34,
    seed: 7,
  },
}

export function totals(populations: readonly PopulationSummary[]): LoadTotals {
  const total = (of: (each: PopulationSummary) => number): number =>
    populations.reduce((sum, each) => sum + of(each), 0)
  const [sent, skipped] = [total(each => each.sent), total(each => each.skipped)]
  return {
    scheduled: sent + skipped,
    sent,
    skipped,
    succeeded: total(each => each.succeeded),
    failed: total(each => each.failed),
    unresolved: total(each => each.unresolved),
  }
}

export function attribution(more: Partial<Attribution>): Attribution {
  return {
    seq: 1482,
    population: 'fresh',
    kind: 'get',
    failureClass: 'refused',
    failureName: 'connect.refused',
    phase: 'connect',
    code: 'refused',
    scheduledUs: 4_612_000,
    endedUs: 4_613_100,
    pod: 'web-a1',
    connectionId: 1533,
    connectionUse: 1,
    connectionAgeMs: 1.1,
    connectionIdleMs: null,
    localPort: 40_112,
    endpoint: '127.1.0.7:8080',
    probe: null,
    cause: 'endpoint-lingered',
    basis: 'direct',
    evidence: [
      '+38 ms after T0: SIGTERM sent',
      '+41 ms after T0: listener closed',
      '+412 ms after T0: this request was sent to web-a1, which the forwarding table still listed',
      '+413 ms after T0: refused',
      '+640 ms after T0: unrouted',
    ],
    processed: 'not-seen',
    ...more,
  }
}
