import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import type { Recording } from '../model/recording.ts'
import { hastyEnding } from '../testing/pod-life.ts'
import type { RecordingBuilder } from '../testing/recording-builder.ts'
import { at, phaseMs, recording, totalsOf } from '../testing/recording-builder.ts'
import { analyze } from './analyze.ts'

describe('a clean rolling update', () => {
  const analysis = analyze(recording().build())

  it('passes as declared, without a finding', () => {
    expect(analysis.findings).toEqual([])
    expect(analysis).toMatchObject({
      verdict: 'passed',
      asDeclared: true,
      sentence: null,
      attributions: [],
      outages: [],
    })
  })

  it('counts a slow request that was sent in the warm-up and killed by the disruption', () => {
    const early = recording()
      .ends('web-a', hastyEnding(4000))
      .fails({
        population: 'slow',
        atMs: phaseMs.warmUp + 1,
        writtenMs: phaseMs.warmUp + 2,
        endedMs: 4066,
        code: 'closed',
        phase: 'headers',
        pod: 'web-a',
        use: 5,
        ledger: 'arrived',
      })
    expect(analyze(early.build()).attributions.map(({ cause }) => cause)).toEqual(['killed-in-flight'])
  })

  it('counts what was sent from the baseline on, and balances with the ledger', () => {
    const seconds = (phaseMs.drainLoad - phaseMs.baseline) / 1000
    expect(analysis.requests).toMatchObject({
      sent: seconds * 34,
      succeeded: seconds * 34,
      failed: 0,
      skipped: 0,
    })
    expect(analysis.populations.map(({ population, sent }) => [population, sent])).toEqual([
      ['fresh', seconds * 20],
      ['reused', seconds * 10],
      ['slow', seconds * 4],
    ])
    expect(analysis.ledger).toMatchObject({
      succeededNotAnswered: 0,
      arrivedNotSent: 0,
      answeredButFailed: 0,
      lost: 0,
      ambiguous: 0,
      duplicated: 0,
    })
    expect(analysis.ledger?.arrived).toBe(analysis.driver.totals?.sent)
  })

  it('tells how each old pod ended, on the recording’s own clock', () => {
    expect(analysis.terminations.map(({ pod }) => pod)).toEqual(['web-a', 'web-b', 'web-c'])
    expect(analysis.terminations[0]).toEqual({
      pod: 'web-a',
      node: 'worker-1',
      terminatingUs: 4_000_000,
      preStopMs: 1000,
      sigtermUs: 5_040_000,
      listenerClosedUs: 5_043_000,
      exitedUs: 5_210_000,
      exitCode: 0,
      killed: false,
      sandboxGoneUs: 5_400_000,
      unroutedUs: 4_200_000,
      deletedUs: 5_600_000,
      failures: 0,
    })
  })

  it('takes latency from the schedule, not from the sending', () => {
    const late = recording().change(({ samples }) => {
      for (const sample of samples) sample.scheduledUs -= 10_000
    })
    const [before, after] = [analysis, analyze(late.build())].map(
      ({ populations }) => populations[0]?.latencyMsP50 ?? 0,
    )
    expect((after ?? 0) - (before ?? 0)).toBeCloseTo(10, 6)
  })
})

describe('the sentence of a failing row', () => {
  it('says what happened with figures, and what to change', () => {
    const built = recording().ends('web-a', hastyEnding(4000)).ends('web-b', hastyEnding(5500))
    for (const atMs of [4112, 4150, 5600]) {
      built.fails({
        atMs,
        endedMs: atMs + 1,
        code: 'refused',
        phase: 'connect',
        pod: atMs < 5000 ? 'web-a' : 'web-b',
      })
    }
    built.fails({ atMs: 4400, endedMs: 7400, code: 'timed-out', phase: 'connect', pod: 'web-a' })
    const { sentence, causes } = analyze(built.build())
    expect(sentence).toBe(
      '4 new connections (3 refused and 1 timed-out) were led to 2 pods that no longer listened: listening ended from ' +
        '41 ms after deletion began, and the rules followed up to 1013 ms after it; add a preStop sleep well beyond the ' +
        '1013 ms that the rules needed (5 s is usual), so that the server listens until then.',
    )
    expect(causes).toMatchObject([
      { cause: 'endpoint-lingered', count: 4, byClass: { refused: 3, 'timed-out': 1 } },
    ])
  })

  it('asks for ready pods where the closed one was tried for want of any', () => {
    const built = ['web-a', 'web-b', 'web-c'].reduce(
      (made, name) => made.ends(name, hastyEnding(4000)),
      recording()
        .pod('web-d', { readyMs: 8000, routedMs: 8200 })
        .pod('web-e', { readyMs: 8000, routedMs: 8200 })
        .pod('web-f', { readyMs: 8000, routedMs: 8200 }),
    )
    built.fails({ atMs: 4150, endedMs: 4151, code: 'refused', phase: 'connect', pod: 'web-a' })
    const { sentence } = analyze(built.build())
    expect(sentence).toMatch(
      /after it, since no other pod was ready; use strategy RollingUpdate with maxUnavailable 0/,
    )
  })

  it('names the preStop hook that failed', () => {
    const failure = 'exec: "sleep": executable file not found in $PATH'
    const ending = { ...hastyEnding(4000), preStopMs: { from: 4020, to: 4021 }, preStopFailure: failure }
    const built = recording().ends('web-a', ending)
    built.fails({ atMs: 4112, endedMs: 4113, code: 'refused', phase: 'connect', pod: 'web-a' })
    expect(analyze(built.build()).sentence).toContain(`make the preStop hook work (it failed: ${failure})`)
  })

  it('gives the reason when nothing failed and nothing was shown', () => {
    const { sentence } = analyze(recording().stalls(5000, 5300).build())
    expect(sentence).toMatch(/^The driver stood still for 300 ms .*; run fewer scenarios at a time/)
  })
})

/** A run with something of everything. */
function mixed(): RecordingBuilder {
  return (
    recording()
      .ends('web-a', hastyEnding(4000))
      .ends('web-b', { cutMs: 6600 })
      .fails({ atMs: 4112, endedMs: 4113, code: 'refused', phase: 'connect', pod: 'web-a' })
      .fails({ atMs: 4400, endedMs: 7400, code: 'timed-out', phase: 'connect', pod: 'web-a' })
      .fails({
        population: 'slow',
        atMs: 6300,
        writtenMs: 6301,
        endedMs: 6601,
        code: 'closed',
        phase: 'headers',
        pod: 'web-b',
        use: 3,
        ledger: 'arrived',
      })
      .fails({
        population: 'reused',
        atMs: 8044,
        writtenMs: 8044.1,
        endedMs: 8044.6,
        code: 'reset',
        phase: 'headers',
        pod: 'web-c',
        use: 8,
      })
      .fails({ atMs: 6000, endedMs: 6000, code: 'refused', phase: 'connect', pod: null })
      .fails({
        population: 'slow',
        atMs: 9000,
        writtenMs: 9001,
        endedMs: null,
        code: 'unresolved',
        phase: 'headers',
        pod: 'web-e',
        use: 6,
      })
      .fails({ atMs: 6100, endedMs: 6100, code: 'local-files', phase: 'connect', pod: 'web-d' })
      .fails({
        atMs: 6200,
        writtenMs: 6201,
        firstByteMs: 6202,
        endedMs: 6203,
        code: 'mismatch',
        phase: 'check',
        pod: 'web-d',
        ledger: 'answered',
      })
      .stalls(6500, 6540)
      // two witnesses that speak of one pod at the same instant
      .seen(
        { atUs: at(4050), kind: 'pod-ready', pod: 'web-a', ready: false },
        { atUs: at(4050), kind: 'pod-restarted', pod: 'web-a', container: 'app', restartCount: 1 },
      )
  )
}

describe('for any recording', () => {
  /** The lines of every file shuffled, and some of them dropped. Orders are drawn by fast-check, so a failure can be replayed. */
  const scrambled = fc
    .record({ seed: fc.integer(), share: fc.constantFrom(1, 0.97, 0.6, 0.1) })
    .map(({ seed, share }) => ({ whole: pick(mixed().build(), seed, share), seed, share }))

  it('the order of the lines changes nothing', () => {
    const expected = analyze(mixed().build())
    fc.assert(
      fc.property(fc.integer(), seed => {
        expect(analyze(pick(mixed().build(), seed, 1))).toEqual(expected)
      }),
      { numRuns: 25 },
    )
  })

  it('each failed or unresolved request has one cause, and all counts agree, also when lines are missing', () => {
    fc.assert(
      fc.property(scrambled, ({ whole }) => {
        const analysis = analyze(whole)
        const { requests, attributions, causes, populations } = analysis
        const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
        expect(attributions).toHaveLength(requests.failed + requests.unresolved)
        expect(sum(causes.map(({ count }) => count))).toBe(attributions.length)
        expect(sum(Object.values(analysis.failuresByClass))).toBe(attributions.length)
        expect(sum(causes.flatMap(({ byPopulation }) => Object.values(byPopulation)))).toBe(
          attributions.length,
        )
        expect(sum(populations.flatMap(({ byCause }) => Object.values(byCause)))).toBe(attributions.length)
        expect(sum(analysis.outages.map(({ failures }) => failures))).toBe(attributions.length)
        expect(requests.scheduled).toBe(requests.sent + requests.skipped)
        expect(requests.sent).toBe(requests.succeeded + requests.failed + requests.unresolved)
        for (const { sent, succeeded, failed, unresolved } of populations)
          expect(sent).toBe(succeeded + failed + unresolved)
        expect(sum(populations.map(({ sent }) => sent))).toBe(requests.sent)
      }),
      { numRuns: 50 },
    )
  })

  it('the analysis of the same lines is the same, and the recording is left as it was', () => {
    fc.assert(
      fc.property(scrambled, ({ whole }) => {
        const before = JSON.stringify(whole)
        expect(analyze(whole)).toEqual(analyze(whole))
        expect(JSON.stringify(whole)).toBe(before)
      }),
      { numRuns: 10 },
    )
  })

  it('a recording that lost its lines is never passed', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        expect(analyze(pick(recording().build(), seed, 0.5)).verdict).not.toBe('passed')
      }),
      { numRuns: 25 },
    )
  })
})

describe('a recording with nothing in it', () => {
  it('is inconclusive, and says why in every respect', () => {
    const empty = recording().change(whole => {
      Object.assign(whole, { samples: [], transitions: [], marks: [], ledger: [] })
      whole.manifest.totals = totalsOf([])
      whole.manifest.endedUs = at(0)
    })
    const analysis = analyze(empty.build())
    expect(analysis).toMatchObject({ verdict: 'inconclusive', asDeclared: false, durationMs: 0 })
    expect(analysis.statistics).toMatchObject({
      terminations: 0,
      failingShareUpperBound: null,
      visibleWindowMs: null,
    })
    expect(analysis.findings.map(({ code }) => code)).toEqual([
      'no-traffic',
      'no-disruption',
      'baseline-dirty',
      'cool-down-dirty',
      'watch-never-synced',
    ])
  })
})

/** The lines of a recording in another order, and a share of them only. */
function pick(whole: Recording, seed: number, share: number): Recording {
  const random = seededRandom(seed)
  const some = <T>(lines: T[]): T[] =>
    lines
      .filter(() => random.next() < share)
      .map(line => ({ line, key: random.next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ line }) => line)
  return {
    ...whole,
    samples: some(whole.samples),
    transitions: some(whole.transitions),
    marks: some(whole.marks),
    ledger: some(whole.ledger),
    stalls: some(whole.stalls),
  }
}
