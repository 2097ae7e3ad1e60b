/** The same failures on a real cluster: a Service's address instead of the pod's, and no step but what the API shows. */
import { describe, expect, it } from 'vitest'
import { hastyEnding } from '../testing/pod-life.ts'
import type { FailureCase, RecordingBuilder } from '../testing/recording-builder.ts'
import { recording } from '../testing/recording-builder.ts'
import { analyze } from './analyze.ts'

/** A user's own workload: no ledger, no log lines, no kubelet, no tables; pods do not say their names. */
function foreign(built: RecordingBuilder): RecordingBuilder {
  return built
    .without('containers', 'pod-logs', 'forwarding')
    .manifest(manifest => {
      manifest.ledger = false
      manifest.cluster = { ...manifest.cluster, kind: 'kind', modelled: false, settings: {} }
    })
    .change(({ samples }) => {
      for (const sample of samples) {
        sample.servedBy = null
        if (sample.connection !== null) sample.connection.remoteAddress = '10.96.0.10'
      }
    })
}

const hasty = (): RecordingBuilder => foreign(recording().ends('web-a', hastyEnding(4000)))

describe('with the pods’ objects alone', () => {
  it('a clean run passes', () => {
    expect(analyze(foreign(recording()).build())).toMatchObject({
      verdict: 'passed',
      asDeclared: true,
      findings: [],
    })
  })

  it.each<[string, FailureCase, string]>([
    [
      'a refusal during a termination',
      { atMs: 4112, endedMs: 4113, code: 'refused', phase: 'connect', pod: 'web-a' },
      'endpoint-lingered',
    ],
    [
      'a connect that hung',
      { atMs: 4500, endedMs: 7500, code: 'timed-out', phase: 'connect', pod: 'web-a' },
      'endpoint-lingered',
    ],
    [
      'a slow request cut before the container’s end was reported',
      {
        population: 'slow',
        atMs: 3700,
        writtenMs: 3701,
        endedMs: 4066,
        code: 'closed',
        phase: 'headers',
        pod: 'web-a',
        use: 4,
      },
      'killed-in-flight',
    ],
    [
      'a kept connection closed as the request crossed',
      {
        population: 'reused',
        atMs: 4060,
        writtenMs: 4060.1,
        endedMs: 4060.5,
        code: 'closed',
        phase: 'headers',
        pod: 'web-a',
        use: 4,
      },
      'idle-connection-reused',
    ],
  ])('%s is explained, as temporal', (_, failure, cause) => {
    const { attributions } = analyze(hasty().fails(failure).build())
    expect(attributions).toMatchObject([{ cause, basis: 'temporal', pod: 'web-a', processed: null }])
    expect(attributions[0]?.evidence.at(-1)).toMatch(/which pod it was led to is not recorded; web-a fits/)
  })

  it('a refusal when no pod was terminating stays unexplained', () => {
    const quiet: FailureCase = { atMs: 3900, endedMs: 3901, code: 'refused', phase: 'connect', pod: 'web-a' }
    expect(analyze(hasty().fails(quiet).build()).attributions).toMatchObject([
      { cause: 'unexplained', pod: null },
    ])
  })

  it('no usable endpoint in the slices explains a refusal by the Service, and a silence', () => {
    const outage = (): RecordingBuilder => {
      const all = recording()
      for (const name of ['web-a', 'web-b', 'web-c']) all.ends(name, hastyEnding(4000))
      for (const name of ['web-d', 'web-e', 'web-f'])
        all.pod(name, { readyMs: 8500, routedMs: 8600, listeningMs: 8400 })
      return all
    }
    // Of the silence after it, the last began before the rules had followed the slices.
    for (const [atMs, lastedMs] of [
      [6000, 1],
      [6100, 3000],
      [8900, 3000],
    ] as const) {
      const code = lastedMs === 1 ? 'refused' : 'timed-out'
      const gone: FailureCase = { atMs, endedMs: atMs + lastedMs, code, phase: 'connect', pod: 'web-d' }
      const { attributions, sentence } = analyze(foreign(outage()).fails(gone).build())
      expect(attributions).toMatchObject([{ cause: 'no-ready-endpoint', basis: 'temporal' }])
      if (code === 'timed-out') expect(sentence).toMatch(/was refused or left without an answer because/)
    }
  })
})

describe('with the sample app on a real cluster', () => {
  const onKind = (built: RecordingBuilder): RecordingBuilder =>
    built.without('containers', 'forwarding').change(({ samples }) => {
      for (const { connection } of samples) if (connection !== null) connection.remoteAddress = '10.96.0.10'
    })

  it('the pod that named itself on a connection is the one that cut it', () => {
    const built = onKind(recording().ends('web-a', { cutMs: 5100 }))
      .fails({
        population: 'slow',
        atMs: 4800,
        writtenMs: 4801,
        endedMs: 5101,
        code: 'closed',
        phase: 'headers',
        pod: 'web-a',
        use: 3,
        ledger: 'arrived',
      })
      .change(({ samples }) => {
        const failed = samples.at(-1)
        const earlier = samples.find(sample => sample.population === 'slow' && sample.servedBy === 'web-a')
        if (failed?.connection != null && earlier?.connection != null)
          failed.connection.id = earlier.connection.id
      })
    expect(analyze(built.build()).attributions).toMatchObject([
      { cause: 'killed-in-flight', basis: 'direct', pod: 'web-a' },
    ])
  })

  it('a process that took its time to end cut what was open after its last word', () => {
    const cut = (endedMs: number): FailureCase => ({
      population: 'slow',
      atMs: 4000,
      writtenMs: 4001,
      endedMs,
      code: 'closed',
      phase: 'headers',
      pod: 'web-a',
      ledger: 'arrived',
    })
    // Its last word is at 5200, and its status tells of its end at 5420.
    const causeOf = (endedMs: number): string | undefined =>
      analyze(onKind(recording()).fails(cut(endedMs)).build()).attributions[0]?.cause
    expect(causeOf(5330)).toBe('killed-in-flight')
    expect(causeOf(5150)).toBe('unexplained')
    expect(causeOf(5700)).toBe('unexplained')
  })
})
