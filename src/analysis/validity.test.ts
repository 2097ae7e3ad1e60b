/** For each reason not to believe a run: the clean recording, broken in that one way. */
import { describe, expect, it } from 'vitest'
import type { RecordingBuilder } from '../testing/recording-builder.ts'
import { at, phaseMs, recording, totalsOf } from '../testing/recording-builder.ts'
import type { FindingCode, Verdict } from './analysis.ts'
import { analyze } from './analyze.ts'
import { blockedDrain, dependencyOutage, inconclusiveOnes, refusedAt } from './testdata/runs.ts'

/** Keeps some samples, and the driver's account and the ledger in step with them. */
function keepSamples(
  built: RecordingBuilder,
  keep: (scheduledUs: number, population: string) => boolean,
): RecordingBuilder {
  return built.change(whole => {
    whole.samples = whole.samples.filter(({ scheduledUs, population }) => keep(scheduledUs, population))
    whole.manifest.totals = totalsOf(whole.samples)
    const kept = new Set(whole.samples.map(({ seq }) => `${whole.manifest.runPrefix}-${seq}`))
    whole.ledger = whole.ledger.filter(({ request }) => kept.has(request))
  })
}

const broken: [FindingCode, string, RegExp, RecordingBuilder][] = [
  [
    'no-traffic',
    'nothing was sent after the warm-up',
    /No request was sent/,
    keepSamples(recording(), atUs => atUs < at(phaseMs.baseline)),
  ],
  [
    'population-silent',
    'a population never sent',
    /Nothing was sent by slow/,
    keepSamples(recording(), (_, population) => population !== 'slow'),
  ],
  [
    'population-silent',
    'a population was silent while pods were replaced',
    /Nothing was sent by reused/,
    keepSamples(
      recording(),
      (atUs, population) => population !== 'reused' || atUs < at(2900) || atUs > at(9600),
    ),
  ],
  [
    'no-disruption',
    'no old pod was seen to terminate',
    /None of the 3 pods/,
    recording().unseen(each => each.kind === 'pod-terminating'),
  ],
  [
    'no-disruption',
    'the disruption never reported',
    /holds no disruption/,
    recording().manifest(manifest => void (manifest.disruption = null)),
  ],
  ['no-disruption', 'the dependency never went away', /database was not seen to go down/, dependencyOutage()],
  ['no-disruption', 'a blocked drain cordoned nothing', /no node was seen to be cordoned/, blockedDrain()],
  [
    'driver-late',
    'requests left late',
    /left 25 ms or more after its time \(limit 20 ms, worst 25 ms\)/,
    recording().change(({ samples }) => {
      for (const sample of samples.filter(({ seq }) => seq % 50 === 0))
        if (sample.sentUs !== null) sample.sentUs = sample.scheduledUs + 25_000
    }),
  ],
  [
    'driver-stalled',
    'the driver stood still',
    /stood still for 260 ms \(limit 250 ms, 1 stall/,
    recording().stalls(5000, 5260),
  ],
  [
    'target-overloaded',
    'one answer in fifty took 1.1 s longer than the request asks for',
    /took 110\d ms or more beyond its own time \(limit 1000 ms\)/,
    recording().change(({ samples }) => {
      for (const sample of samples.filter(({ seq }) => seq % 50 === 0))
        if (sample.endedUs !== null) sample.endedUs += 1_100_000
    }),
  ],
  [
    'requests-skipped',
    'a request was due and not sent, and the driver had not stood still',
    /^1 request of \d+ \(0\.\d %\) due and not sent\.$/,
    recording().skips(5000, 5001),
  ],
  [
    'requests-skipped',
    'one of the requests that were skipped was not due in the stall',
    /^2 requests of \d+ \(0\.\d %\) due and not sent\.$/,
    recording().stalls(5000, 5060).skips(5000, 5001).skips(6000, 6001),
  ],
  [
    'requests-skipped',
    'more than a hundredth fell due while the driver stood still, again and again',
    /due and not sent\.$/,
    recording().stalls(5000, 5200).skips(5000, 5200).stalls(6000, 6200).skips(6000, 6200),
  ],
  [
    'books-unbalanced',
    'the driver counted one more than was recorded',
    /scheduled: the driver says (\d+)/,
    recording().manifest(({ totals }) => {
      if (totals !== null)
        Object.assign(totals, {
          scheduled: totals.scheduled + 1,
          sent: totals.sent + 1,
          succeeded: totals.succeeded + 1,
        })
    }),
  ],
  [
    'books-unbalanced',
    'the driver’s account contradicts itself',
    /sent is not succeeded \+ failed \+ unresolved/,
    recording().manifest(({ totals }) => {
      if (totals !== null) totals.succeeded -= 1
    }),
  ],
  [
    'books-unbalanced',
    'a sample was written twice',
    /1 sample with a number that another has/,
    recording().change(whole => {
      whole.samples.push(...whole.samples.slice(-1))
      whole.manifest.totals = totalsOf(whole.samples)
    }),
  ],
  [
    'ledger-unbalanced',
    'a success that no pod remembers',
    /1 success that no pod remembers/,
    recording().change(whole => {
      const last = whole.ledger.findLast(({ what }) => what === 'answered')
      whole.ledger = whole.ledger.filter(entry => entry !== last)
    }),
  ],
  [
    'ledger-unbalanced',
    'an arrival that nobody sent',
    /1 arrival that the driver did not send/,
    recording().change(whole => {
      whole.ledger.push({
        pod: 'web-a',
        request: `${whole.manifest.runPrefix}-999999`,
        atUs: at(5000),
        what: 'arrived',
      })
    }),
  ],
  [
    'ledger-unbalanced',
    'a request that arrived twice: something retries',
    /1 arrival that the driver did not send \(or sent only once\)/,
    recording().change(whole => {
      whole.ledger.push(...whole.ledger.slice(0, 1))
    }),
  ],
  [
    'load-broke-off',
    'the driver gave no account',
    /gave no account/,
    recording().manifest(manifest => void (manifest.totals = null)),
  ],
  [
    'load-broke-off',
    'the load stopped before the last old pod was gone',
    /before web-c was gone/,
    keepSamples(recording(), atUs => atUs < at(8200)),
  ],
  [
    'rollout-unfinished',
    'the rollout never ended',
    /did not end within its time limit: 1 of 3/,
    recording().manifest(({ disruption }) => {
      if (disruption !== null) Object.assign(disruption, { ending: 'timed-out', detail: '1 of 3 updated' })
    }),
  ],
  [
    'rollout-unfinished',
    'the rollout never ended, and an event says why',
    /limit: 3 of 3 updated\. web-y did not become ready \(FailedScheduling: 0\/3 nodes are available: 3 Insufficient cpu\)\.$/,
    recording()
      .manifest(({ disruption }) => {
        if (disruption !== null) Object.assign(disruption, { ending: 'timed-out', detail: '3 of 3 updated' })
      })
      .seen(
        {
          atUs: at(3000),
          kind: 'pod-added',
          pod: 'web-y',
          uid: 'y',
          owner: 'web-2',
          node: null,
          address: null,
          ready: false,
        },
        {
          atUs: at(3001),
          kind: 'event-seen',
          object: 'Pod/web-y',
          reason: 'FailedScheduling',
          message:
            '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found.',
        },
      ),
  ],
  [
    'old-pods-not-seen-to-end',
    'an old pod’s object never went',
    /1 of 3 old pods was not seen to end \(web-b\)/,
    recording().unseen(each => each.kind === 'pod-deleted' && each.pod === 'web-b'),
  ],
  [
    'old-pods-not-seen-to-end',
    'an old pod’s process was never seen to exit',
    /\(web-b\)/,
    recording().unseen(
      each => each.kind === 'container-step' && each.step === 'exited' && each.pod === 'web-b',
    ),
  ],
  [
    'baseline-dirty',
    'a request failed before the disruption',
    /1 request failed in the baseline/,
    recording().fails(refusedAt(2000)),
  ],
  [
    'baseline-dirty',
    'there was no baseline',
    /No baseline window/,
    recording().change(whole => void (whole.marks = whole.marks.filter(({ what }) => what !== 'baseline'))),
  ],
  [
    'cool-down-dirty',
    'a request of the cool-down failed',
    /1 request sent in the cool-down failed/,
    recording().fails({ ...refusedAt(10_000), pod: 'web-f' }),
  ],
  [
    'cool-down-dirty',
    'there was no cool-down',
    /No cool-down window/,
    recording().change(whole => void (whole.marks = whole.marks.filter(({ what }) => what !== 'cool-down'))),
  ],
  [
    'watch-gap',
    'a watch had a gap',
    /pods for 700 ms \(410 Gone\)/,
    recording().seen({
      atUs: at(5700),
      kind: 'watch-gap',
      witness: 'pods',
      fromUs: at(5000),
      why: '410 Gone',
    }),
  ],
  [
    'watch-never-synced',
    'a watch never synced',
    /^forwarding had not synced/,
    recording().unseen(each => each.kind === 'watch-synced' && each.witness === 'forwarding'),
  ],
  [
    'recording-torn',
    'a file was torn',
    /1 line of samples\.ndjson could not be read/,
    recording().change(whole => void whole.torn.push({ file: 'samples.ndjson', lines: 1 })),
  ],
  [
    'run-interrupted',
    'the run was interrupted',
    /broken off: SIGINT/,
    recording().manifest(manifest => void (manifest.interrupted = 'SIGINT')),
  ],
  [
    'run-interrupted',
    'the recording was never closed',
    /never closed/,
    recording().manifest(manifest => void (manifest.endedUs = null)),
  ],
  [
    'negative-control',
    'a population that should lose requests lost none',
    /fresh should lose requests by endpoint-lingered and lost none/,
    recording().expects('fresh', { failures: 'some', causes: ['endpoint-lingered'] }),
  ],
]

describe('a run is not believed when', () => {
  it.each(broken)('%s: %s', (code, _, message, built) => {
    const analysis = analyze(built.build())
    const own = inconclusiveOnes(analysis).filter(finding => finding.code === code)
    expect(own).toHaveLength(1)
    expect(own[0]?.message).toMatch(message)
    expect(own[0]?.remedy).not.toBe('')
    expect(analysis.asDeclared).toBe(false)
    if (analysis.attributions.length === 0) expect(analysis.verdict).toBe('inconclusive')
    expect(analysis.sentence).not.toBeNull()
  })

  it('failures prove nothing when the harness or its machine may have made them', () => {
    const refused = { code: 'refused', phase: 'connect', atMs: 4500, endedMs: 4501, pod: 'web-b' } as const
    const verdictOf = (built: RecordingBuilder): Verdict => analyze(built.fails(refused).build()).verdict
    const late = recording().change(({ samples }) => {
      for (const sample of samples) if (sample.sentUs !== null) sample.sentUs = sample.scheduledUs + 25_000
    })
    expect(verdictOf(late)).toBe('inconclusive')
    expect(verdictOf(recording().stalls(6000, 6260))).toBe('inconclusive')
    expect(verdictOf(recording())).toBe('failed')
    // A rollout that never ended did lose what it lost.
    expect(
      verdictOf(
        recording().manifest(
          ({ disruption }) => void Object.assign(disruption ?? {}, { ending: 'timed-out' }),
        ),
      ),
    ).toBe('failed')
  })

  it('a connect that came late, with a SYN sent again, says nothing of what a target can carry', () => {
    const isOverloaded = (late: readonly ('writtenUs' | 'endedUs')[]): boolean => {
      const built = recording().change(({ samples }) => {
        for (const sample of samples.filter(
          ({ scheduledUs }) => scheduledUs > at(5000) && scheduledUs < at(6000),
        ))
          for (const instant of late) sample[instant] = (sample[instant] ?? 0) + 1_100_000
      })
      return inconclusiveOnes(analyze(built.build())).some(({ code }) => code === 'target-overloaded')
    }
    expect(isOverloaded(['endedUs'])).toBe(true)
    expect(isOverloaded(['writtenUs', 'endedUs'])).toBe(false)
  })

  it('each of these breaks has a remedy of its own', () => {
    const remedies = new Map(
      broken.flatMap(([code, , , built]) =>
        inconclusiveOnes(analyze(built.build())).flatMap(found =>
          found.code === code ? [[found.remedy, code]] : [],
        ),
      ) as [string, FindingCode][],
    )
    expect(new Set(remedies.values())).toEqual(new Set(broken.map(([code]) => code)))
  })
})
