/** The scenario and the manifest of the recordings that tests build: a rolling update of three pods, no loss declared. */
import type { Manifest } from '../model/recording.ts'
import { RECORDING_VERSION } from '../model/recording.ts'
import type { Expectation, Scenario } from '../model/scenario.ts'
import { profiles } from './steady-load.ts'

export function nothingLost(): Expectation {
  const none = (): Expectation['populations']['fresh'] => ({ failures: 'none', causes: [], allowed: [] })
  return { ending: 'completed', populations: { fresh: none(), reused: none(), slow: none() } }
}

export function declaredScenario(): Scenario {
  return {
    name: 'checklist-full',
    title: 'the full checklist',
    shows: 'nothing is lost',
    variant: 'checklist-full',
    manifests: null,
    images: {},
    workload: 'web',
    port: 8080,
    dependency: 'database',
    placement: 'spread',
    cluster: {
      nodes: 3,
      roundTripMs: 0,
      proxyLagMs: 0,
      proxyJitterMs: 0,
      kubernetesMinor: 34,
      addresses: 'auto',
    },
    load: {
      populations: profiles.map(each => ({ ...each })),
      connectTimeoutMs: 3000,
      firstByteTimeoutMs: 3000,
    },
    drainTimeoutMs: 20_000,
    outageMs: 25_000,
    settleTimeoutMs: 60_000,
    disruptions: [{ disruption: 'rolling-update', tour: true, expectation: nothingLost() }],
  }
}

export function manifestOf(startedUs: number, endedUs: number, targets: string[]): Manifest {
  return {
    version: RECORDING_VERSION,
    name: 'checklist-full.rolling-update',
    runId: 'test-run',
    runPrefix: '00c0ffee',
    seed: 7,
    startedUs,
    endedUs,
    interrupted: null,
    scenario: declaredScenario(),
    cluster: {
      kind: 'embedded',
      modelled: true,
      kubernetesVersion: 'v1.34.0',
      nodes: ['control-plane', 'worker-1', 'worker-2', 'worker-3'],
      vantage: 'control-plane',
      settings: { roundTripMs: 0 },
    },
    provenance: {
      rollproofVersion: '0.0.0',
      gitCommit: null,
      gitDirty: null,
      argv: [],
      nodeVersion: 'v20.0.0',
      platform: 'linux',
    },
    disruption: {
      disruption: 'rolling-update',
      ending: 'completed',
      targets,
      gone: [...targets],
      detail: null,
    },
    witnesses: [
      'pods',
      'endpointslices',
      'workloads',
      'nodes',
      'events',
      'pod-logs',
      'forwarding',
      'containers',
    ],
    ledger: true,
    totals: null,
  }
}
