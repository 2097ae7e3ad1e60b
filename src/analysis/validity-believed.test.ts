/** What a run may show and still be believed. */
import { describe, expect, it } from 'vitest'
import { at, recording, type RecordingBuilder } from '../testing/recording-builder.ts'
import { analyze } from './analyze.ts'
import { blockedDrain, dependencyOutage, inconclusiveOnes, refusedAt } from './testdata/runs.ts'

describe('a run is believed although', () => {
  const clean = (built: RecordingBuilder): void => {
    const analysis = analyze(built.build())
    expect(inconclusiveOnes(analysis)).toEqual([])
  }

  it('a request of the warm-up failed', () => {
    const analysis = analyze(recording().fails(refusedAt(700)).build())
    expect(analysis).toMatchObject({ verdict: 'passed', asDeclared: true, attributions: [] })
  })

  it('a slow request of the baseline failed after the disruption began: it counts for the disruption', () => {
    const slow = {
      population: 'slow',
      atMs: 2900,
      writtenMs: 2901,
      endedMs: 3100,
      code: 'closed',
      phase: 'headers',
    } as const
    clean(recording().fails({ ...slow, pod: 'web-a', use: 2 }))
  })

  it('a connect begun during the disruption timed out in the cool-down', () => {
    clean(
      recording().fails({ atMs: 7500, endedMs: 10_500, code: 'timed-out', phase: 'connect', pod: 'web-b' }),
    )
  })

  it('a watch had a gap before the baseline', () => {
    clean(
      recording().seen({
        atUs: at(900),
        kind: 'watch-gap',
        witness: 'pods',
        fromUs: at(800),
        why: 'reconnected',
      }),
    )
  })

  it('the driver was held up for less than a drop window', () => {
    clean(recording().stalls(5000, 5240))
  })

  it('a request fell due while the driver stood still: it is told, and the window that may go unseen is the stall’s', () => {
    const built = recording().stalls(5000, 5240).skips(5000, 5001)
    clean(built)
    const { findings, verdict, asDeclared, requests, statistics } = analyze(built.build())
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([['requests-skipped', 'note']])
    expect({ verdict, asDeclared, skipped: requests.skipped }).toEqual({
      verdict: 'passed',
      asDeclared: true,
      skipped: 1,
    })
    expect(statistics.visibleWindowMs).toBeGreaterThanOrEqual(240)
  })

  it('the dependency went away as the disruption says', () => {
    const gone = {
      kind: 'workload-changed',
      workload: 'database',
      desired: 0,
      generation: 2,
      observedGeneration: 2,
    } as const
    clean(
      dependencyOutage().seen({ ...gone, atUs: at(3400), replicas: 0, updated: 0, ready: 0, available: 0 }),
    )
  })

  it('a drain was blocked as declared, after it had cordoned the node', () => {
    const drained = blockedDrain().seen({
      atUs: at(3010),
      kind: 'node-changed',
      node: 'worker-1',
      unschedulable: true,
      ready: true,
    })
    expect(analyze(drained.build())).toMatchObject({ verdict: 'passed', asDeclared: true, findings: [] })
  })

  it('another run’s requests are in the ledger', () => {
    clean(
      recording().change(
        whole =>
          void whole.ledger.push({ pod: 'web-a', request: 'deadbeef-1', atUs: at(5000), what: 'arrived' }),
      ),
    )
  })
})
