/** A load from elsewhere: by another clock, over an address that is translated, and over a connection that may lose. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DriverAccount, LoadRecord } from '../model/remote-load.ts'
import { hastyEnding } from '../testing/pod-life.ts'
import type { FailureCase, RecordingBuilder } from '../testing/recording-builder.ts'
import { recording } from '../testing/recording-builder.ts'
import { analyze } from './analyze.ts'

const hasty = (): RecordingBuilder => recording().ends('web-a', hastyEnding(4000))

const driver: DriverAccount = {
  driver: 'load-1',
  node: 'control-plane',
  share: 0,
  shares: 1,
  offsetUs: 0,
  errorUs: 0,
  exchanges: 100,
  reconnects: 0,
  lostLines: 0,
  totals: null,
}

function withLoad(built: RecordingBuilder, change: Partial<DriverAccount>, load: Partial<LoadRecord> = {}) {
  const record: LoadRecord = {
    from: 'inside',
    path: 'one driver on control-plane to 10.96.0.10:8080',
    hides: [],
    drivers: [{ ...driver, ...change }],
    ...load,
  }
  return built.manifest(manifest => void (manifest.load = record))
}

/** A Service's address, and the source ports that the cases name, instead of the pods' own addresses. */
function translated(built: RecordingBuilder, localPorts: Record<number, number>): RecordingBuilder {
  return built.without('containers', 'forwarding').change(({ samples, manifest }) => {
    for (const { connection, outcome, sentUs } of samples) {
      if (connection === null) continue
      connection.remoteAddress = '10.96.0.10'
      const atMs = Math.round(((sentUs ?? 0) - manifest.startedUs) / 1000)
      if (outcome.kind === 'failed') connection.localPort = localPorts[atMs] ?? 1
    }
  })
}

describe('a source port that is pinned to a dead pod', () => {
  const first: FailureCase = { atMs: 4500, endedMs: 5500, code: 'timed-out', phase: 'connect', pod: 'web-a' }
  const later: FailureCase = { ...first, atMs: 8200, endedMs: 9200 }
  const causes = (built: RecordingBuilder): string[] =>
    analyze(built.build())
      .attributions.sort((a, b) => a.scheduledUs - b.scheduledUs)
      .map(({ cause }) => cause)

  it('is told by the connect from that port that hung before', () => {
    const built = translated(hasty().fails(first).fails(later), { 4500: 40_001, 8200: 40_001 })
    expect(causes(built)).toEqual(['endpoint-lingered', 'pinned-source-port'])
    expect(analyze(built.build()).attributions.at(-1)?.evidence.at(-1)).toMatch(
      /^source port 40001 was that of request \d+, whose connect hung as well, 2700 ms before: conntrack keeps/,
    )
  })

  it('is no matter of another port, nor of a connect that was refused', () => {
    expect(
      causes(translated(hasty().fails(first).fails(later), { 4500: 40_001, 8200: 40_002 })),
    ).not.toContain('pinned-source-port')
    const refused: FailureCase = { ...first, code: 'refused', endedMs: 4501 }
    expect(
      causes(translated(hasty().fails(refused).fails(later), { 4500: 40_001, 8200: 40_001 })),
    ).not.toContain('pinned-source-port')
  })

  it('is no matter of a connection that goes straight to its pod', () => {
    const built = hasty()
      .fails(first)
      .fails(later)
      .change(({ samples }) => {
        for (const { connection, outcome } of samples)
          if (connection !== null && outcome.kind === 'failed') connection.localPort = 40_001
      })
    expect(causes(built)).not.toContain('pinned-source-port')
  })
})

describe('a driver with a clock of its own', () => {
  const refused = { code: 'refused', phase: 'connect', pod: 'web-a' } as const

  it('proves nothing by an order that lies within the error', () => {
    const built = (): RecordingBuilder => hasty().fails({ ...refused, atMs: 4060, endedMs: 4061 })
    const [exact] = analyze(withLoad(built(), { errorUs: 100 }).build()).attributions
    expect(exact).toMatchObject({ cause: 'endpoint-lingered', basis: 'direct' })
    const [doubtful] = analyze(withLoad(built(), { errorUs: 30_000 }).build()).attributions
    expect(doubtful).toMatchObject({ cause: 'endpoint-lingered', basis: 'temporal' })
    expect(doubtful?.evidence).toContain(
      "the driver's clock is known to within 30 ms: what is closer may have been the other way round",
    )
  })

  it('still finds the cause of what seems to have been before it', () => {
    const built = (): RecordingBuilder => hasty().fails({ ...refused, atMs: 3980, endedMs: 3981 })
    expect(analyze(withLoad(built(), { errorUs: 100 }).build()).attributions[0]?.cause).toBe('unexplained')
    const [found] = analyze(withLoad(built(), { errorUs: 90_000 }).build()).attributions
    expect(found).toMatchObject({ cause: 'endpoint-lingered', basis: 'temporal' })
  })

  it('gives one cause where it claims a proof, wherever in its bounds the clock was', () => {
    const errorMs = 40
    const cases = fc.record({
      atMs: fc.integer({ min: 3900, max: 5100 }),
      kind: fc.constantFrom<Pick<FailureCase, 'code' | 'phase' | 'writtenMs'>>(
        { code: 'refused', phase: 'connect' },
        { code: 'timed-out', phase: 'connect' },
        { code: 'closed', phase: 'headers' },
        { code: 'reset', phase: 'headers' },
      ),
      lastsMs: fc.integer({ min: 1, max: 300 }),
      shiftsMs: fc.array(fc.integer({ min: -errorMs, max: errorMs }), { minLength: 4, maxLength: 4 }),
    })
    fc.assert(
      fc.property(cases, ({ atMs, kind, lastsMs, shiftsMs }) => {
        const proved = shiftsMs.flatMap(shiftMs => {
          const from = atMs + shiftMs
          const written = kind.phase === 'connect' ? null : from
          const failure = { ...kind, atMs: from, endedMs: from + lastsMs, writtenMs: written, pod: 'web-a' }
          const built = withLoad(hasty().fails(failure), { errorUs: errorMs * 1000 })
          const found = analyze(built.build()).attributions.find(({ seq }) => seq >= 0)
          return found?.basis === 'direct' ? [found.cause] : []
        })
        expect(new Set(proved).size).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })

  it('whose clock contradicts itself, or is hardly known, makes the run inconclusive', () => {
    for (const errorUs of [null, 150_000]) {
      const analysis = analyze(withLoad(recording(), { errorUs }).build())
      expect(analysis.verdict).toBe('inconclusive')
      expect(analysis.findings.map(({ code }) => code)).toContain('clocks-unrelated')
    }
  })
})

describe('a load over a connection', () => {
  it('that lost lines is not believed, and says whose', () => {
    const analysis = analyze(withLoad(recording(), { lostLines: 3 }).build())
    expect(analysis.verdict).toBe('inconclusive')
    expect(analysis.findings.find(({ code }) => code === 'books-unbalanced')?.message).toContain(
      '3 lines of driver load-1 never arrived',
    )
  })

  it('says where it came from, and what that way hides, without changing the verdict', () => {
    const hides = ['What is refused behind it arrives as a reset.']
    const built = withLoad(
      recording(),
      {},
      { from: 'host', path: 'this machine to 172.18.0.3:30080', hides, drivers: [] },
    )
    const { verdict, asDeclared, findings } = analyze(built.build())
    expect({ verdict, asDeclared }).toEqual({ verdict: 'passed', asDeclared: true })
    expect(findings).toEqual([
      {
        code: 'load-path',
        severity: 'note',
        message:
          'The load came from host: this machine to 172.18.0.3:30080. What is refused behind it arrives as a reset.',
        remedy: 'Send the load from inside (--load-from inside) to see what clients in the cluster see.',
      },
    ])
  })
})
