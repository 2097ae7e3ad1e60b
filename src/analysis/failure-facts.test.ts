import { describe, expect, test } from 'vitest'
import type { Outcome } from '../model/load.ts'
import { at, recording } from '../testing/recording-builder.ts'
import type { Attribution } from './analysis.ts'
import { analyze } from './analyze.ts'

describe('what the driver tells of a failure', () => {
  const cut = {
    population: 'reused',
    atMs: 4100,
    endedMs: 4150,
    code: 'closed',
    phase: 'headers',
    pod: 'web-a',
    use: 7,
    writtenMs: 4100,
  } as const

  /** A probe after the last request of the recording, which is the one that failed. */
  function probed(outcome: Outcome): Attribution | undefined {
    const built = recording()
      .fails({ ...cut, ledger: 'arrived' })
      .change(whole => {
        const failed = whole.samples.at(-1)
        whole.probes.push({
          seq: failed?.seq ?? 0,
          sentUs: at(4150),
          endedUs: at(4160),
          localPort: 40_000,
          remoteAddress: '127.0.0.1',
          remotePort: 80,
          servedBy: null,
          outcome,
        })
      })
      .build()
    return analyze(built).attributions[0]
  }

  test('its name, and where its connection came from and went', () => {
    const built = recording().fails(cut).build()
    const [attribution] = analyze(built).attributions
    expect(attribution).toMatchObject({
      failureName: 'closed.before-response',
      connectionUse: 7,
      probe: null,
    })
    expect(attribution?.endpoint).toMatch(/^[\d.]+:\d+$/)
    expect(attribution?.connectionAgeMs).toBeGreaterThan(0)
  })

  test('an answered probe: the connection died; a failed one: the service was down', () => {
    const died = probed({ kind: 'succeeded', status: 200 })
    expect(died?.probe).toBe('connection-died')
    expect(died?.evidence.join('\n')).toContain('the connection died, the service was there')
    const down = probed({ kind: 'failed', phase: 'connect', code: 'refused', status: null, detail: null })
    expect(down?.probe).toBe('service-down')
    expect(down?.evidence.join('\n')).toContain('a fresh connection failed too (refused, connect)')
    expect(down?.cause).toBe(died?.cause)
  })

  test.each([
    ['not-seen', { lost: 1, ambiguous: 0 }],
    ['arrived', { lost: 0, ambiguous: 1 }],
    ['answered', { lost: 0, ambiguous: 1 }],
  ] as const)('a request without an answer that the ledger knows as %s', (ledger, counts) => {
    expect(
      analyze(
        recording()
          .fails({ ...cut, ledger })
          .build(),
      ).ledger,
    ).toMatchObject({ ...counts, duplicated: 0 })
  })

  test('a request that arrived twice is duplicated', () => {
    const built = recording().build()
    const [first] = built.ledger
    if (first !== undefined) built.ledger.push({ ...first })
    expect(analyze(built).ledger).toMatchObject({ duplicated: 1, arrivedNotSent: 1 })
  })
})
