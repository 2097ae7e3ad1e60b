import { describe, expect, it, test } from 'vitest'
import type { LoadPlan } from '../../model/load.ts'
import { planFor, population } from '../testdata/plans.ts'
import { ownCommand, userCommand } from './command.ts'
import { parseK6Plan } from './plan.ts'
import { scriptSettings } from './settings.ts'

const profiles = [
  population({ ratePerSecond: 200, postShare: 0.05 }),
  population({ population: 'reused', ratePerSecond: 100, connections: 60 }),
  population({ population: 'slow', ratePerSecond: 10, connections: 30, postShare: 0, answerMs: 2000 }),
]
const settingsOf = (plan: LoadPlan) => scriptSettings(plan, 'http://127.0.0.1:1', 'http://127.0.0.1:2/')

describe('the script’s settings', () => {
  const plan = planFor(1, profiles, { limitMs: 3000, maxDurationMs: 600_000, maxInFlight: 3100 })

  it('have a scenario for each population, with users enough and at least its connections', () => {
    const { scenarios } = settingsOf(plan).options
    expect(scenarios).toMatchObject({
      fresh: { rate: 200_000, timeUnit: '1000s', duration: '600000ms', preAllocatedVUs: 200, maxVUs: 800 },
      reused: { rate: 100_000, preAllocatedVUs: 60, maxVUs: 460 },
      slow: { rate: 10_000, preAllocatedVUs: 30, maxVUs: 90, gracefulStop: '6000ms' },
    })
    const starts = Object.values(scenarios).map(({ startTime }) => startTime)
    expect(new Set(starts).size).toBe(3)
  })

  it('send POSTs on kept connections, since k6 would send a GET again in silence', () => {
    const { populations, stride } = settingsOf(plan)
    expect(populations).toMatchObject({
      fresh: { always: null, fresh: true, postShare: 0.05, timeoutMs: 3000, position: 0 },
      reused: { always: 'post', fresh: false, position: 1 },
      slow: { always: 'slow-post', timeoutMs: 5000, answerMs: 2000, position: 2 },
    })
    expect(stride).toBe(4)
  })

  it('leave GETs where the profile has no POST at all', () => {
    const { populations } = settingsOf(
      planFor(
        1,
        profiles.map(profile => ({ ...profile, postShare: 0 })),
      ),
    )
    expect(populations.reused?.always).toBeNull()
    expect(populations.slow?.always).toBe('slow')
  })
})

describe('the call of k6', () => {
  const order = { executable: '/opt/k6', version: '1.8.1', script: null }

  it('differs between versions: v2 has no --no-summary', () => {
    const settings = settingsOf(planFor(1, profiles))
    const [one, two] = ['1.8.1', '2.0.0'].map(version => ownCommand({ ...order, version }, settings).args)
    expect(one).toContain('--no-summary')
    expect(two).toContain('--summary-mode=disabled')
    expect(two).not.toContain('--no-summary')
    expect(one?.at(-1)).toMatch(/k6[/\\]load\.ts$/)
  })

  it('tells a script of the user’s own where its target is, and evaluates no thresholds', () => {
    const { file, args, env } = userCommand(order, '/home/me/checkout.ts', 'http://127.0.0.1:8080')
    expect(file).toBe('/opt/k6')
    expect(args).toContain('--env=BASE_URL=http://127.0.0.1:8080')
    expect(args).toContain('--no-thresholds')
    expect(args.at(-1)).toBe('/home/me/checkout.ts')
    expect(
      Object.keys(env)
        .filter(name => name.startsWith('K6_'))
        .sort(),
    ).toEqual(['K6_AUTO_EXTENSION_RESOLUTION', 'K6_NO_USAGE_REPORT'])
  })
})

const k6 = { executable: 'k6', version: '1.8.1', script: null }
test.each([
  ['nothing at all', '', 'it is not JSON'],
  ['no order', JSON.stringify(planFor(1, profiles)), 'k6 must name'],
  [
    'a forwarding table',
    JSON.stringify({
      ...planFor({ kind: 'forwarding', url: 'http://127.0.0.1:1/', token: 'x', service: 'a/b:1' }, profiles),
      k6,
    }),
    'target.kind must be address',
  ],
])('a plan with %s is refused', (_, line, problem) => {
  const parsed = parseK6Plan(line)
  expect(parsed.ok ? [] : parsed.problems).toEqual([expect.stringContaining(problem)])
})

test('a plan for an IPv6 address is dialled as a URL writes it', () => {
  const plan = { ...planFor({ kind: 'address', host: '::1', port: 80 }, profiles), k6 }
  expect(parseK6Plan(JSON.stringify(plan))).toMatchObject({ ok: true, target: '[::1]:80' })
})
