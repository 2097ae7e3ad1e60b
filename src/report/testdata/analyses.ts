/** Hand-made analyses for the goldens: a clean run, a failing one, an inconclusive one, an undeclared one, a blocked drain. */
import type { Analysis, CauseSummary } from '../../analysis/analysis.ts'
import type { PopulationExpectation } from '../../model/scenario.ts'
import { makeRunReport } from '../run-report.ts'
import type { RunReport } from '../run-report.ts'
import { attribution, cluster, provenance, summary, termination, totals } from './analysis-parts.ts'

const raceAllowed: PopulationExpectation = {
  failures: 'allowed',
  causes: [],
  allowed: ['idle-connection-reused'],
}

/** A clean rolling update of `checklist-full`, without what depends on its populations. */
const checklistFull = {
  title: 'preStop, graceful shutdown, both probes and a PDB',
  shows: 'the full checklist',
  cluster,
  provenance,
  startedUs: 1_700_000_000_000_000,
  durationMs: 38_400,
  verdict: 'passed',
  asDeclared: true,
  sentence: null,
  findings: [],
  failuresByClass: {},
  causes: [],
  attributions: [],
  terminations: [
    termination('web-a1', 4200),
    termination('web-a2', 11_300, { node: 'worker-2' }),
    termination('web-a3', 18_650, { node: 'worker-3' }),
  ],
  outages: [],
  longestOutageMs: 0,
  statistics: { terminations: 3, failingTerminations: 0, failingShareUpperBound: 0.6316, visibleWindowMs: 44.9 },
  phases: [
    { mark: 'warm-up', fromUs: 0, toUs: 2_000_000 },
    { mark: 'baseline', fromUs: 2_000_000, toUs: 4_000_000 },
    { mark: 'disruption', fromUs: 4_100_000, toUs: 4_180_000 },
    { mark: 'settle', fromUs: 4_180_000, toUs: null },
  ],
} satisfies Partial<Analysis>

/** The other fixtures say how they differ from `checklistFull`. */
export function analysis(more: Partial<Analysis> = {}): Analysis {
  const scenario = more.scenario ?? 'checklist-full'
  const disruption = more.disruption ?? 'rolling-update'
  const populations = more.populations ?? [
    summary('fresh', 7600),
    summary('reused', 3800, {}, { expectation: raceAllowed }),
    summary('slow', 380),
  ]
  const requests = totals(populations)
  const pods = ['web-a1', 'web-a2', 'web-a3']
  return {
    ...checklistFull,
    name: `${scenario}.${disruption}`,
    scenario,
    disruption,
    record: { disruption, ending: 'completed', targets: pods, gone: pods, detail: null },
    populations,
    requests,
    driver: {
      latenessMsP50: 0.21,
      latenessMsP99: 1.94,
      latenessMsMax: 6.4,
      stalls: 0,
      longestStallMs: 0,
      totals: requests,
    },
    ledger: {
      arrived: requests.sent,
      answered: requests.succeeded,
      succeededNotAnswered: 0,
      arrivedNotSent: 0,
      answeredButFailed: 0,
      lost: 0,
      ambiguous: 0,
      duplicated: 0,
    },
    ...more,
  }
}

const lingered: CauseSummary = {
  cause: 'endpoint-lingered',
  count: 57,
  byPopulation: { fresh: 57, reused: 0, slow: 0 },
  byClass: { refused: 14, 'timed-out': 43 },
  happened:
    '57 connections were led to pods that had stopped listening 41 to 97 ms after T0 but stayed routed until 640 to 1,210 ms.',
  change: 'Keep serving until no node routes to the pod: a preStop hook of `sleep 5`.',
}

const killed: CauseSummary = {
  cause: 'killed-in-flight',
  count: 21,
  byPopulation: { fresh: 0, reused: 0, slow: 21 },
  byClass: { closed: 21 },
  happened: '21 requests were being answered when their pod exited 38 to 90 ms after T0.',
  change: 'Let requests in flight end before the process exits.',
}

export const failing: Analysis = analysis({
  scenario: 'naive',
  title: 'what a tutorial gives you: /health for both probes, exit on SIGTERM, no preStop',
  shows: 'both losses at once',
  verdict: 'failed',
  durationMs: 16_100,
  sentence: `${lingered.happened} Besides, ${killed.happened}`,
  populations: [
    summary('fresh', 3200, lingered.byClass, {
      byCause: { 'endpoint-lingered': 57 },
      expectation: { failures: 'some', causes: ['endpoint-lingered'], allowed: [] },
    }),
    summary('reused', 1600, {}, {
      expectation: { failures: 'allowed', causes: [], allowed: ['endpoint-lingered', 'idle-connection-reused'] },
    }),
    summary('slow', 160, killed.byClass, {
      byCause: { 'killed-in-flight': 21 },
      byProbe: { 'connection-died': 19, 'service-down': 2 },
      expectation: { failures: 'some', causes: ['killed-in-flight'], allowed: ['endpoint-lingered'] },
    }),
  ],
  failuresByClass: { refused: 14, closed: 21, 'timed-out': 43 },
  causes: [lingered, killed],
  attributions: [
    attribution({}),
    attribution({
      seq: 1391,
      population: 'slow',
      kind: 'slow',
      failureClass: 'closed',
      failureName: 'closed.before-response',
      phase: 'headers',
      code: 'closed',
      scheduledUs: 3_990_000,
      endedUs: 4_250_500,
      connectionId: 44,
      connectionUse: 3,
      connectionAgeMs: 6010.4,
      connectionIdleMs: 812,
      probe: 'connection-died',
      cause: 'killed-in-flight',
      evidence: [
        '-210 ms before T0: this request arrived at web-a1',
        '+38 ms after T0: SIGTERM sent',
        '+49 ms after T0: process exited, code 0',
        '+50 ms after T0: connection closed without an answer',
      ],
      processed: 'arrived',
    }),
  ],
  terminations: [
    termination('web-a1', 4200, {
      preStopMs: null,
      sigtermUs: 4_238_000,
      listenerClosedUs: 4_241_000,
      exitedUs: 4_249_000,
      sandboxGoneUs: 4_501_000,
      unroutedUs: 4_840_000,
      deletedUs: 5_100_000,
      failures: 45,
    }),
    termination('web-a2', 7300, {
      node: 'worker-2',
      preStopMs: null,
      sigtermUs: 7_382_000,
      listenerClosedUs: null,
      exitedUs: null,
      exitCode: null,
      sandboxGoneUs: null,
      unroutedUs: 8_510_000,
      deletedUs: 8_120_000,
      failures: 33,
    }),
  ],
  outages: [
    { population: 'fresh', fromUs: 4_241_500, toUs: 7_842_000, durationMs: 3600.5, failures: 38 },
    { population: 'slow', fromUs: 2_300_000, toUs: 4_600_000, durationMs: 2300, failures: 12 },
  ],
  longestOutageMs: 3600.5,
  statistics: { terminations: 2, failingTerminations: 2, failingShareUpperBound: 1, visibleWindowMs: 30 },
  ledger: {
    arrived: 4903,
    answered: 4882,
    succeededNotAnswered: 0,
    arrivedNotSent: 0,
    answeredButFailed: 0,
    lost: 57,
    ambiguous: 21,
    duplicated: 0,
  },
})

export const clean: Analysis = analysis()

export const inconclusive: Analysis = analysis({
  scenario: 'checklist-short',
  title: 'the short checklist',
  shows: 'the race it leaves open',
  verdict: 'inconclusive',
  asDeclared: false,
  findings: [
    {
      code: 'driver-late',
      severity: 'inconclusive',
      message: 'The load driver sent 1.9 % of requests more than 10 ms late (p99 31 ms).',
      remedy: 'Run fewer experiments at a time (`--parallel 3`), or lower the rates.',
    },
    {
      code: 'watch-gap',
      severity: 'inconclusive',
      message: 'The witness of endpointslices was blind for 412 ms.',
      remedy: 'Run it again; if it recurs, look at the API server’s log.',
    },
  ],
  driver: {
    latenessMsP50: 0.9,
    latenessMsP99: 31,
    latenessMsMax: 402,
    stalls: 2,
    longestStallMs: 396.2,
    totals: null,
  },
  ledger: null,
})

export const undeclared: Analysis = analysis({
  scenario: 'announced-drain',
  disruption: 'drain',
  title: 'answers Connection: close while it drains',
  shows: 'what closes the race',
  verdict: 'failed',
  asDeclared: false,
  durationMs: 31_000,
  sentence: '3 requests were written to kept-alive connections that the server closed at the same moment.',
  findings: [
    {
      code: 'unexpected-failures',
      severity: 'not-as-declared',
      message: 'reused: 3 of 3,100 requests failed; the scenario declares that none does.',
      remedy: 'Announce the end with `Connection: close` before closing, or declare the race as allowed.',
    },
    {
      code: 'unexplained-failures',
      severity: 'note',
      message: '1 failure has no explanation: pod <unknown> | no step recorded.',
      remedy: 'Keep the recording, and report it.',
    },
  ],
  populations: [summary('fresh', 6200), summary('reused', 3100, { reset: 2, truncated: 1 }), summary('slow', 310)],
  failuresByClass: { reset: 2, truncated: 1 },
  causes: [
    {
      cause: 'idle-connection-reused',
      count: 3,
      byPopulation: { fresh: 0, reused: 3, slow: 0 },
      byClass: { reset: 2, truncated: 1 },
      happened: '3 requests were written to connections that the server closed at the same moment.',
      change: 'Answer `Connection: close` for a while before closing idle connections.',
    },
  ],
  outages: [{ population: 'reused', fromUs: 9_300_000, toUs: 9_312_000, durationMs: 12, failures: 1 }],
  longestOutageMs: 12,
  statistics: { terminations: 2, failingTerminations: 1, failingShareUpperBound: 0.975, visibleWindowMs: 30 },
})

export const blocked: Analysis = analysis({
  scenario: 'blocking-pdb',
  disruption: 'drain',
  title: 'a PDB that never lets go',
  shows: 'a drain that cannot proceed',
  durationMs: 24_000,
  sentence: 'The drain was blocked for 20 s by PodDisruptionBudget web (3 of 3 must be available): no pod was evicted.',
  record: {
    disruption: 'drain',
    ending: 'blocked',
    targets: ['web-a1'],
    gone: [],
    detail: 'Cannot evict pod as it would violate the pod’s disruption budget.',
  },
  populations: [summary('fresh', 4800), summary('reused', 2400), summary('slow', 0)],
  terminations: [],
  statistics: { terminations: 0, failingTerminations: 0, failingShareUpperBound: null, visibleWindowMs: null },
})

const racy: Analysis = analysis({
  scenario: 'keep-alive-announced',
  title: 'announced drain, 10 ms away',
  cluster: { ...clean.cluster, settings: { ...clean.cluster.settings, roundTripMs: 10 } },
  populations: [summary('fresh', 7600), summary('reused', 22_800), summary('slow', 380)],
})

export function report(analyses: Analysis[], more: Partial<RunReport> = {}): RunReport {
  return makeRunReport({
    runId: '20260102-030405-abcd',
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 98_300,
    analyses,
    notRun: [],
    measuredAgain: [],
    interrupted: null,
    provenance,
    ...more,
  })
}

/** Everything at once: the goldens render this. */
export const tour: RunReport = report([failing, clean, inconclusive, undeclared, blocked, racy], {
  notRun: [{ name: 'database-blip.dependency-outage', why: 'the time limit of the command had been reached' }],
  measuredAgain: [
    {
      name: 'naive.drain',
      why: 'One request in a hundred left 25 ms or more after its time (limit 20 ms).',
      recording: 'superseded/naive.drain',
    },
  ],
})
