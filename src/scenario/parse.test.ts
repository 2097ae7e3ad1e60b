import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseScenario } from './parse.ts'
import { formatProblems } from './problems.ts'

const variants = ['announced-drain', 'checklist-full', 'checklist-short', 'naive']

const minimal = `scenario: small
title: t
shows: s
variant: naive
disruptions:
  drain: {}
`

function problemsOf(text: string, file = 'small.yaml'): string {
  const parsed = parseScenario(text, file, variants)
  return parsed.ok ? 'no problem' : formatProblems(parsed.problems)
}

function placesOf(text: string): string[] {
  const parsed = parseScenario(text, 'small.yaml', variants)
  return parsed.ok ? [] : parsed.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

describe('parseScenario', () => {
  it('takes a lag of rules for all nodes, or by the name of one that there is', () => {
    const withCluster = (cluster: string): string => `${minimal}\ncluster: ${cluster}\n`
    const parsed = parseScenario(
      withCluster('{ nodes: 2, proxyLagMs: { worker-2: 400 }, proxyJitterMs: 50 }'),
      'small.yaml',
      variants,
    )
    expect(parsed.ok ? parsed.scenario.cluster : parsed.problems).toMatchObject({
      proxyLagMs: { 'worker-2': 400 },
      proxyJitterMs: 50,
    })
    expect(placesOf(withCluster('{ nodes: 2, proxyLagMs: { worker-3: 400 } }')).join()).toContain(
      'there is no node worker-3 among 2 workers',
    )
    expect(placesOf(withCluster('{ proxyLagMs: fast }'))).toHaveLength(1)
    expect(placesOf(withCluster('{ proxyLagMs: { somewhere: 1 } }'))).toHaveLength(1)
  })

  it('takes further populations, with their defaults, where they are named', () => {
    const text = minimal.replace(
      'drain: {}',
      'drain: { expect: { idle: { allowed: [idle-connection-reused] } } }',
    )
    const parsed = parseScenario(
      `${text}load: { idle: { ratePerSecond: 4 }, upload: {}, stream: { protocol: events } }\n`,
      'small.yaml',
      variants,
    )
    expect(parsed.ok ? parsed.scenario.load.populations.slice(3) : parsed.problems).toMatchObject([
      { population: 'idle', ratePerSecond: 4, connections: 20, idleMs: 5000, idleJitterMs: 500 },
      { population: 'upload', ratePerSecond: 5, connections: 20, uploadMs: 2000 },
      { population: 'stream', ratePerSecond: 2, answerMs: 5000, protocol: 'events' },
    ])
    expect(parsed.ok ? parsed.scenario.disruptions[0]?.expectation.populations : null).toEqual({
      fresh: { failures: 'none', causes: [], allowed: [] },
      reused: { failures: 'none', causes: [], allowed: [] },
      slow: { failures: 'none', causes: [], allowed: [] },
      idle: { failures: 'allowed', causes: [], allowed: ['idle-connection-reused'] },
    })
  })

  it.each([
    ['idle: { idleMs: 100, idleJitterMs: 200 }', 'cannot be shorter by up to 200 ms'],
    [
      'upload: { ratePerSecond: 10, connections: 20, uploadMs: 2000 }',
      '20 connections cannot carry 10/s of 2000 ms',
    ],
    ['stream: { protocol: http/3 }', 'http/3'],
  ])('refuses %s', (load, message) => {
    expect(problemsOf(`${minimal}load: { ${load} }\n`)).toContain(message)
  })

  it('lets a connection of HTTP/2 carry many requests at a time', () => {
    const load = 'stream: { protocol: events-http/2, ratePerSecond: 10, connections: 2, answerMs: 15000 }'
    expect(parseScenario(`${minimal}load: { ${load} }\n`, 'small.yaml', variants).ok).toBe(true)
  })

  it('fills in every default', () => {
    expect(parseScenario(minimal, 'small.yaml', variants)).toEqual({
      ok: true,
      scenario: {
        name: 'small',
        title: 't',
        shows: 's',
        variant: 'naive',
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
        manifests: null,
        images: {},
        load: {
          populations: [
            {
              population: 'fresh',
              ratePerSecond: 200,
              connections: 0,
              postShare: 0.05,
              streamShare: 0.05,
              answerMs: 0,
            },
            {
              population: 'reused',
              ratePerSecond: 100,
              connections: 60,
              postShare: 0.05,
              streamShare: 0.05,
              answerMs: 0,
            },
            {
              population: 'slow',
              ratePerSecond: 10,
              connections: 30,
              postShare: 0,
              streamShare: 0,
              answerMs: 2000,
            },
          ],
          connectTimeoutMs: 3000,
          firstByteTimeoutMs: 3000,
        },
        drainTimeoutMs: 120_000,
        outageMs: 25_000,
        settleTimeoutMs: 180_000,
        disruptions: [
          {
            disruption: 'drain',
            tour: false,
            expectation: {
              ending: 'completed',
              populations: {
                fresh: { failures: 'none', causes: [], allowed: [] },
                reused: { failures: 'none', causes: [], allowed: [] },
                slow: { failures: 'none', causes: [], allowed: [] },
              },
            },
          },
        ],
      },
    })
  })

  it('keeps what is written, and reads the three forms of an expectation', () => {
    const parsed = parseScenario(
      `${minimal.replace('drain: {}', '')}  rolling-update:
    tour: true
    expect:
      fresh: { some: [endpoint-lingered], allowed: [killed-in-flight] }
      reused: { allowed: [idle-connection-reused] }
      slow: none
load: { slow: { answerMs: 5000, connections: 75 }, reused: { ratePerSecond: 0 } }
`,
      'small.yaml',
    )
    if (!parsed.ok) throw new Error(formatProblems(parsed.problems))
    expect(parsed.scenario.disruptions[0]).toMatchObject({ disruption: 'rolling-update', tour: true })
    expect(parsed.scenario.disruptions[0]?.expectation.populations).toEqual({
      fresh: { failures: 'some', causes: ['endpoint-lingered'], allowed: ['killed-in-flight'] },
      reused: { failures: 'allowed', causes: [], allowed: ['idle-connection-reused'] },
      slow: { failures: 'none', causes: [], allowed: [] },
    })
    const { populations } = parsed.scenario.load
    expect(populations.map(({ population }) => population)).toEqual(['fresh', 'slow'])
    expect(populations[1]).toMatchObject({ ratePerSecond: 10, connections: 75, answerMs: 5000 })
  })

  it('reports all ten mistakes of a file at once, each at its place', async () => {
    const fixture = fileURLToPath(new URL('testdata/ten-mistakes.yaml', import.meta.url))
    const text = problemsOf(readFileSync(fixture, 'utf8'), 'scenarios/ten-mistakes.yaml')
    await expect(text).toMatchFileSnapshot('testdata/ten-mistakes.txt')
  })

  it('speaks of an empty file, a list, and a second scenario in the file', () => {
    const empty = '1:1 the file is empty'
    expect(placesOf('')).toEqual([empty])
    expect(placesOf('# only a comment\n')).toEqual([empty])
    expect(placesOf('- scenario: small\n')).toEqual(['1:1 the file is a list'])
    expect(placesOf(`${minimal}---\nscenario: other\n`)).toEqual(['8:1 a second document in the file'])
  })

  it('stops at an error of syntax, and says it in its own words', async () => {
    const broken = [
      minimal.replace('title: t', 'title: announced: not closed'),
      minimal.replace('title: t', '\ttitle: t'),
      minimal.replace('variant: naive', 'variant: "naive'),
      minimal.replace('drain: {}', 'drain: { expect: { fresh: none }'),
      minimal.replace('  drain: {}', '  drain: {}\n   rolling-update: {}'),
      minimal.replace('title: t', 'title: `t`'),
    ]
    await expect(broken.map(text => problemsOf(text)).join('\n')).toMatchFileSnapshot('testdata/syntax.txt')
  })

  it('refuses values that no cluster or driver could serve', async () => {
    const wrong = [
      `${minimal}load: { fresh: { ratePerSecond: 4990 } }\n`,
      `${minimal}load: { fresh: { ratePerSecond: 0 }, reused: { ratePerSecond: 0 }, slow: { ratePerSecond: 0 } }\n`,
      `${minimal}load: { fresh: { postShare: 0.9, streamShare: 0.2 } }\n`,
      `${minimal}load:\n  slow:\n    answerMs: 5000\n`,
      `${minimal}settleTimeoutMs: 90s\nport: "8080"\noutageMs:\ncluster:\n`,
      minimal.replace('drain: {}', 'rolling-update: { ending: blocked }'),
      minimal.replace(
        'drain: {}',
        'drain: { expect: { fresh: { some: [] }, reused: {}, slow: { some: [unexplained] } } }',
      ),
      minimal.replace('drain: {}', 'drian: {}'),
    ]
    await expect(wrong.map(text => problemsOf(text)).join('\n')).toMatchFileSnapshot('testdata/values.txt')
  })

  it('follows an alias to what it stands for', () => {
    const text = minimal.replace(
      'drain: {}',
      'drain: { expect: &same { fresh: none, slow: nought } }\n  rolling-update: { expect: *same }',
    )
    expect(placesOf(text)).toEqual(['6:47 `disruptions.rolling-update.expect.slow` is the text "nought"'])
  })

  it('never throws, and places every problem inside the file', () => {
    const piece = fc.constantFrom(
      ...Array.from(minimal),
      ' ',
      '\n',
      '-',
      '[',
      '{',
      '}',
      '*a',
      '&a',
      '"',
      ': ',
      '!!x',
      'load:\n  ',
    )
    fc.assert(
      fc.property(
        fc.nat(minimal.length),
        fc.nat(20),
        fc.array(piece, { maxLength: 8 }),
        (at, cut, pieces) => {
          const text = minimal.slice(0, at) + pieces.join('') + minimal.slice(at + cut)
          const parsed = parseScenario(text, 'small.yaml')
          if (parsed.ok) return
          const lines = text.split('\n')
          expect(parsed.problems.length).toBeGreaterThan(0)
          for (const { line, column } of parsed.problems) {
            expect(line).toBeLessThanOrEqual(lines.length)
            expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1)
          }
        },
      ),
      { seed: 7, numRuns: 300 },
    )
  })
})
