/**
 * A plan as k6 needs it: a scenario for each population, and what the script (k6/load.ts) must know of it. Pure; the
 * script gets the result in one environment variable.
 */
import type { LoadPlan, PopulationProfile, RequestKind } from '../../model/load.ts'

/** What the script calls a request: `slow-post` asks for a slow answer to a POST. */
export type ScriptKind = RequestKind | 'slow-post'

export interface PopulationSettings {
  /** The kind of all its requests; null where the shares decide. */
  always: ScriptKind | null
  postShare: number
  streamShare: number
  /** Each request has a connection of its own. */
  fresh: boolean
  answerMs: number
  timeoutMs: number
  /** Request numbers are `iteration * stride + position`: unique over all populations. */
  position: number
}

export interface Scenario {
  executor: 'constant-arrival-rate'
  rate: number
  timeUnit: string
  duration: string
  gracefulStop: string
  startTime: string
  preAllocatedVUs: number
  maxVUs: number
}

export interface ScriptSettings {
  url: string
  host: string
  runPrefix: string
  stride: number
  controlUrl: string
  leaseMs: number
  populations: Record<string, PopulationSettings>
  options: {
    scenarios: Record<string, Scenario>
    systemTags: string[]
    summaryTrendStats: string[]
  }
}

/** How long a virtual user may send before it asks again whether the run goes on. */
export const LEASE_MS = 1000

/** So many seconds' worth of `fresh` requests may be open before k6 must prepare further users, and drops meanwhile. */
const AMPLE_SECONDS = 1

export function scriptSettings(plan: LoadPlan, url: string, controlUrl: string): ScriptSettings {
  const { populations } = plan.profile
  const takesPosts = populations.some(({ postShare }) => postShare > 0)
  const shortestMs = 1000 / Math.max(...populations.map(({ ratePerSecond }) => ratePerSecond))
  const entries = populations.map((profile, position): [string, PopulationSettings, Scenario] => [
    profile.population,
    {
      always: kindOfAll(profile, takesPosts),
      postShare: profile.postShare,
      streamShare: profile.streamShare,
      fresh: profile.population === 'fresh',
      answerMs: profile.answerMs,
      timeoutMs: timeoutMsOf(plan, profile),
      position,
    },
    scenarioOf(plan, profile, (position / populations.length) * shortestMs),
  ])
  return {
    url,
    host: plan.host,
    runPrefix: plan.runPrefix,
    stride: strideOf(plan),
    controlUrl,
    leaseMs: LEASE_MS,
    populations: Object.fromEntries(entries.map(([name, settings]) => [name, settings])),
    options: {
      scenarios: Object.fromEntries(entries.map(([name, , scenario]) => [name, scenario])),
      systemTags: ['scenario', 'status', 'error_code'],
      summaryTrendStats: ['max'],
    },
  }
}

/** One number beyond the populations: for what k6 dropped. */
export function strideOf({ profile }: LoadPlan): number {
  return profile.populations.length + 1
}

/** k6 knows one limit for a whole request, the connect included. */
export function timeoutMsOf({ profile }: LoadPlan, { answerMs }: PopulationProfile): number {
  return Math.max(profile.connectTimeoutMs, profile.firstByteTimeoutMs) + answerMs
}

/**
 * A GET on a kept connection would be sent again in silence, so kept connections carry POSTs; unless the profile has no
 * POST at all, and then the server may not take any.
 */
function kindOfAll({ population }: PopulationProfile, takesPosts: boolean): ScriptKind | null {
  if (population === 'slow') return takesPosts ? 'slow-post' : 'slow'
  return population === 'reused' && takesPosts ? 'post' : null
}

/** Each virtual user keeps one connection, and k6 gives the next request to the one that has been idle longest. */
function scenarioOf(plan: LoadPlan, profile: PopulationProfile, startMs: number): Scenario {
  const { ratePerSecond, connections } = profile
  const timeoutMs = timeoutMsOf(plan, profile)
  const most = Math.ceil((ratePerSecond * (timeoutMs + 1000)) / 1000) + connections
  const ample = profile.population === 'fresh' ? Math.ceil(ratePerSecond * AMPLE_SECONDS) : connections
  const maxVUs = Math.max(
    1,
    Math.min(most, plan.maxInFlight),
    profile.population === 'fresh' ? 1 : connections,
  )
  return {
    executor: 'constant-arrival-rate',
    // k6 takes whole numbers only.
    rate: Math.max(1, Math.round(ratePerSecond * 1000)),
    timeUnit: '1000s',
    duration: `${plan.maxDurationMs}ms`,
    gracefulStop: `${timeoutMs + 1000}ms`,
    startTime: `${startMs.toFixed(3)}ms`,
    preAllocatedVUs: Math.max(1, Math.min(ample, maxVUs)),
    maxVUs,
  }
}
