import { describe, expect, it } from 'vitest'
import type { Manifest } from '../model/recording.ts'
import { hastyEnding } from '../testing/pod-life.ts'
import type { RecordingBuilder } from '../testing/recording-builder.ts'
import { at, recording } from '../testing/recording-builder.ts'
import type { Analysis } from './analysis.ts'
import { analyze } from './analyze.ts'
import { blockedDrain } from './testdata/runs.ts'
import { mergeVerdicts } from './verdict.ts'

/** One fresh connection refused by a pod that lingered in the table. */
function lossy(): RecordingBuilder {
  return recording()
    .ends('web-a', hastyEnding(4000))
    .fails({ atMs: 4112, endedMs: 4113, code: 'refused', phase: 'connect', pod: 'web-a' })
}

function endBlocked({ disruption }: Manifest): void {
  if (disruption !== null) disruption.ending = 'blocked'
}

const codes = (analysis: Analysis): string[] => analysis.findings.map(({ code }) => code)

describe('as declared', () => {
  it('a loss that is declared leaves the verdict failed and the run as declared', () => {
    const analysis = analyze(
      lossy()
        .expects('fresh', { failures: 'some', causes: ['endpoint-lingered'] })
        .build(),
    )
    expect(analysis).toMatchObject({ verdict: 'failed', asDeclared: true, findings: [] })
  })

  it('a loss that is allowed is as declared, and so is its absence', () => {
    const allowed = { failures: 'allowed', allowed: ['endpoint-lingered'] } as const
    const expectation = { ...allowed, allowed: [...allowed.allowed] }
    expect(analyze(lossy().expects('fresh', expectation).build())).toMatchObject({
      verdict: 'failed',
      asDeclared: true,
    })
    expect(analyze(recording().expects('fresh', expectation).build())).toMatchObject({
      verdict: 'passed',
      asDeclared: true,
    })
  })

  it('a loss that nobody declared is not', () => {
    const analysis = analyze(lossy().build())
    expect(analysis).toMatchObject({ verdict: 'failed', asDeclared: false })
    expect(codes(analysis)).toEqual(['unexpected-failures'])
  })

  it('a loss for another cause is not, and the declared one is missed', () => {
    const analysis = analyze(
      lossy()
        .expects('fresh', { failures: 'some', causes: ['killed-in-flight'] })
        .build(),
    )
    expect(analysis).toMatchObject({ verdict: 'failed', asDeclared: false })
    expect(codes(analysis)).toEqual(['undeclared-cause', 'missing-cause'])
  })

  it('a loss for an allowed cause does not stand in for the declared one', () => {
    const declared = lossy().expects('fresh', {
      failures: 'some',
      causes: ['killed-in-flight'],
      allowed: ['endpoint-lingered'],
    })
    expect(codes(analyze(declared.build()))).toEqual(['missing-cause'])
  })

  it('the verdict is failed, not inconclusive, when one population is lost as allowed and another as declared is not', () => {
    const built = lossy()
      .expects('fresh', { failures: 'allowed', allowed: ['endpoint-lingered'] })
      .expects('slow', { failures: 'some', causes: ['killed-in-flight'] })
    expect(analyze(built.build())).toMatchObject({ verdict: 'failed', asDeclared: false })
    expect(codes(analyze(built.build()))).toEqual(['negative-control'])
  })

  it('no scenario can declare what the harness or nobody can answer for', () => {
    const ports = recording()
      .fails({ atMs: 5000, endedMs: 5000, code: 'local-ports', phase: 'connect', pod: 'web-b' })
      .expects('fresh', { failures: 'allowed', allowed: ['harness'] })
    expect(analyze(ports.build())).toMatchObject({ verdict: 'failed', asDeclared: false })
    expect(codes(analyze(ports.build()))).toEqual(['undeclared-cause', 'harness-failures'])
    const odd = recording()
      .fails({ atMs: 5000, endedMs: 5001, code: 'other', phase: 'send', pod: 'web-b' })
      .expects('fresh', { failures: 'allowed', allowed: ['unexplained'] })
    expect(codes(analyze(odd.build()))).toEqual(['undeclared-cause', 'unexplained-failures'])
  })

  it('a loss with a stalled driver is inconclusive, as the driver may have made it, and is never as declared', () => {
    const built = lossy()
      .stalls(6000, 6400)
      .expects('fresh', { failures: 'some', causes: ['endpoint-lingered'] })
    expect(analyze(built.build())).toMatchObject({ verdict: 'inconclusive', asDeclared: false })
  })

  it('a request that is still open when the run ends is never success', () => {
    const open = recording().fails({
      population: 'slow',
      atMs: 8800,
      writtenMs: 8801,
      endedMs: null,
      code: 'unresolved',
      phase: 'headers',
      pod: 'web-e',
      use: 3,
    })
    const analysis = analyze(open.build())
    expect(analysis).toMatchObject({
      verdict: 'failed',
      asDeclared: false,
      failuresByClass: { unresolved: 1 },
    })
    expect(analysis.attributions).toMatchObject([{ cause: 'unexplained', endedUs: null }])
  })

  it('an ending that was not declared is not', () => {
    const blocked = recording().manifest(endBlocked)
    expect(codes(analyze(blocked.build()))).toContain('ending-differs')
    const through = recording().declares(declared => void (declared.ending = 'blocked'))
    expect(analyze(through.build())).toMatchObject({
      verdict: 'passed',
      asDeclared: false,
      findings: [{ code: 'ending-differs' }],
    })
  })

  it('a drain that was blocked and should not have been is told with what the next pod lacks, and as no doubt', () => {
    const message =
      "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match PersistentVolume's node affinity. " +
      'no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.'
    const pod = { pod: 'web-y', uid: 'y', owner: 'web-2', node: null, address: null, ready: false }
    const blocked = blockedDrain()
      .declares(declared => void (declared.ending = 'completed'))
      .seen(
        { atUs: at(3010), kind: 'node-changed', node: 'worker-1', unschedulable: true, ready: true },
        { atUs: at(3020), kind: 'pod-added', ...pod },
        { atUs: at(3021), kind: 'event-seen', object: 'Pod/web-y', reason: 'FailedScheduling', message },
      )
    const analysis = analyze(blocked.build())
    expect(analysis).toMatchObject({ verdict: 'passed', asDeclared: false })
    expect(analysis.findings.map(finding => finding.message)).toEqual([
      'The disruption ended blocked; declared is completed. web-y did not become ready (FailedScheduling: 0/3 nodes are ' +
        "available: 1 node(s) were unschedulable, 2 node(s) didn't match PersistentVolume's node affinity).",
    ])
  })

  it('a drain that is blocked as declared must delete nothing', () => {
    const blocked = recording()
      .manifest(endBlocked)
      .declares(declared => void (declared.ending = 'blocked'))
      .seen({ atUs: at(3010), kind: 'node-changed', node: 'worker-1', unschedulable: true, ready: true })
    const [finding] = analyze(blocked.build()).findings
    expect(finding).toMatchObject({ code: 'ending-differs' })
    expect(finding?.message).toBe('The drain was blocked, yet web-a, web-b and web-c were deleted.')
  })
})

describe('the merged verdict', () => {
  it('is the worst: passed, then inconclusive, then failed', () => {
    expect(mergeVerdicts(['passed', 'passed'])).toBe('passed')
    expect(mergeVerdicts(['passed', 'inconclusive'])).toBe('inconclusive')
    expect(mergeVerdicts(['failed', 'inconclusive', 'passed'])).toBe('failed')
  })

  it('of no runs is inconclusive: nothing was shown', () => {
    expect(mergeVerdicts([])).toBe('inconclusive')
  })
})
