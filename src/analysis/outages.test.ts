import { describe, expect, it } from 'vitest'
import { hastyEnding } from '../testing/pod-life.ts'
import { recording } from '../testing/recording-builder.ts'
import { analyze } from './analyze.ts'

// the builder's fresh requests are due every 50 ms from 500 on: 4100, 4150, 4200, …
const refused = { code: 'refused', phase: 'connect', pod: 'web-a' } as const

describe('an outage', () => {
  it('ends at the first success, not at the last failure', () => {
    const built = recording().ends('web-a', hastyEnding(4000))
    for (const atMs of [4110, 4120, 4130]) built.fails({ atMs, endedMs: atMs + 1, ...refused })
    expect(analyze(built.build())).toMatchObject({
      outages: [{ population: 'fresh', fromUs: 4_110_000, toUs: 4_150_000, durationMs: 40, failures: 3 }],
      longestOutageMs: 40,
    })
  })

  it('is over when a request in between succeeds', () => {
    const built = recording().ends('web-a', hastyEnding(4000))
    for (const atMs of [4110, 4160]) built.fails({ atMs, endedMs: atMs + 1, ...refused })
    expect(analyze(built.build()).outages).toHaveLength(2)
  })

  it('of one population is not ended by another', () => {
    const built = recording().ends('web-a', hastyEnding(4000))
    for (const atMs of [4110, 4130])
      built.fails({ population: 'reused', atMs, endedMs: atMs + 1, ...refused })
    const { outages } = analyze(built.build())
    expect(outages).toMatchObject([{ population: 'reused', failures: 2, toUs: 4_200_000 }])
  })

  it('that no success ends lasts until its last failure did', () => {
    const built = recording().fails({
      atMs: 10_990,
      endedMs: 11_990,
      code: 'timed-out',
      phase: 'headers',
      pod: 'web-d',
    })
    expect(analyze(built.build()).outages).toMatchObject([
      { fromUs: 10_990_000, toUs: 11_990_000, failures: 1 },
    ])
  })
})
