/** A Service without an endpoint: refusals, silence, and a SYN that is sent again. */
import { describe, expect, it } from 'vitest'
import { hastyEnding } from '../../testing/pod-life.ts'
import type { FailureCase, RecordingBuilder } from '../../testing/recording-builder.ts'
import { recording } from '../../testing/recording-builder.ts'
import type { Attribution } from '../analysis.ts'
import { causeOf } from '../testdata/cause-of.ts'

const refused = { code: 'refused', phase: 'connect' } as const

const emptied = (): RecordingBuilder =>
  ['web-a', 'web-b', 'web-c'].reduce(
    (built, name) => built.ends(name, { ...hastyEnding(4000), unroutedMs: 4300 }),
    recording()
      .pod('web-d', { routedMs: 6000 })
      .pod('web-e', { routedMs: 6000 })
      .pod('web-f', { routedMs: 6000 }),
  )

/** A connect to the Service that was led to no pod. */
const toNobody = (built: RecordingBuilder, how: Pick<FailureCase, 'endedMs' | 'code'>): Attribution =>
  causeOf(
    built.fails({ atMs: 5000, phase: 'connect', pod: 'web-b', ...how }).change(({ samples }) => {
      const { connection } = samples.at(-1) ?? {}
      if (connection) connection.remoteAddress = '127.5.200.1'
    }),
  )

describe('no-ready-endpoint', () => {
  it('is a refusal while the vantage node’s table was empty', () => {
    const found = causeOf(emptied().fails({ atMs: 5000, endedMs: 5000, ...refused, pod: null }))
    expect(found).toMatchObject({ cause: 'no-ready-endpoint', basis: 'direct', pod: null })
    expect(found.evidence[0]).toBe(
      'sent -700 ms: forwarding table of control-plane has no endpoint from here',
    )
  })

  it('is not claimed while the table had endpoints', () => {
    const found = causeOf(recording().fails({ atMs: 5000, endedMs: 5000, ...refused, pod: null }))
    expect(found.cause).toBe('unexplained')
  })

  it('is a connect that nobody answered while the table was empty', () => {
    const found = toNobody(emptied(), { endedMs: 8000, code: 'timed-out' })
    expect(found).toMatchObject({ cause: 'no-ready-endpoint', basis: 'direct', pod: null })
    expect(found.evidence).toEqual([
      'sent -700 ms: forwarding table of control-plane has no endpoint from here',
      expect.stringMatching(/^sent \+0 ms: request \d+ began to connect to 127\.5\.200\.1:8080$/),
      'sent +3000 ms: timed-out (connect)',
      'ledger: no pod saw this request',
    ])
  })

  it('is a refusal of a SYN that was sent again', () => {
    const found = toNobody(emptied(), { endedMs: 6000, code: 'refused' })
    expect(found).toMatchObject({ cause: 'no-ready-endpoint', basis: 'direct', pod: null })
  })

  it('is a connect that was led to a pod too late for an answer', () => {
    const late = (pod: string, firstMs: number): Attribution =>
      causeOf(
        emptied()
          .fails({ atMs: firstMs, endedMs: firstMs + 1050, code: 'timed-out', phase: 'connect', pod })
          .change(({ samples }) => {
            const { connection } = samples.at(-1) ?? {}
            if (connection) connection.openedUs += 1_020_000
          }),
      )
    const found = late('web-d', 5000)
    expect(found).toMatchObject({ cause: 'no-ready-endpoint', basis: 'direct', pod: 'web-d' })
    expect(found.evidence).toContain('sent +1020 ms: its SYN was sent again, for the last time')
    // The table had an endpoint when it began.
    expect(late('web-d', 6500).cause).toBe('unexplained')
  })

  it('is not claimed for silence while the table had endpoints', () => {
    expect(toNobody(recording(), { endedMs: 8000, code: 'timed-out' }).cause).toBe('unexplained')
  })

  it('is not excused by a driver that stood still', () => {
    const silence = { endedMs: 8000, code: 'timed-out' } as const
    expect(toNobody(emptied().stalls(7900, 7990), silence).cause).toBe('no-ready-endpoint')
    expect(toNobody(recording().stalls(7900, 7990), silence).cause).toBe('harness')
  })
})
