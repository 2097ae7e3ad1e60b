/** What a scenario says by saying nothing: a load that sees a second of lag, and time enough for slow configurations. */
import type { LoadProfile, Population, PopulationProfile, Protocol } from '../model/load.ts'
import type { ImageContents } from '../model/embedded-cluster.ts'
import { disruptionNames } from '../model/scenario.ts'
import type { ClusterInputs, DisruptionPlan, PopulationExpectation, Scenario } from '../model/scenario.ts'
import type { ClusterFile, LoadFile, PopulationExpectationFile, ScenarioFile } from './schema.ts'

const defaultPopulations = {
  fresh: { ratePerSecond: 200, connections: 0, postShare: 0.05, streamShare: 0.05, answerMs: 0 },
  // 100/s over 60 connections: each is used every 0.6 s, so no client holds a connection that it has forgotten.
  reused: { ratePerSecond: 100, connections: 60, postShare: 0.05, streamShare: 0.05, answerMs: 0 },
  // 10/s of 2 s are 20 in flight, about 7 on each of three pods; half as many connections again, so that one is free.
  slow: { ratePerSecond: 10, connections: 30, postShare: 0, streamShare: 0, answerMs: 2000 },
} as const

/** What those are like that a scenario has only if it names them. */
const furtherPopulations = {
  // 10/s that rest 5 s are 50 connections, each used when Node's default keep-alive time-out is just over.
  idle: {
    ratePerSecond: 10,
    idleMs: 5000,
    idleJitterMs: 500,
    postShare: 0.05,
    streamShare: 0.05,
    answerMs: 0,
  },
  upload: { ratePerSecond: 5, connections: 20, postShare: 1, streamShare: 0, answerMs: 0, uploadMs: 2000 },
  stream: { ratePerSecond: 2, connections: 20, postShare: 0, streamShare: 1, answerMs: 5000 },
} as const

/** A port, a name or a limit for everything that is not the subject of the scenario. */
export const defaults = {
  workload: 'web',
  port: 8080,
  dependency: 'database',
  placement: 'spread',
  nodes: 3,
  roundTripMs: 0,
  proxyLagMs: 0,
  proxyJitterMs: 0,
  // From 1.34 on kube-proxy keeps a hard gap between syncs; before it, bad configurations pass by luck.
  kubernetesMinor: 34,
  addresses: 'auto',
  connectTimeoutMs: 3000,
  firstByteTimeoutMs: 3000,
  drainTimeoutMs: 120_000,
  outageMs: 25_000,
  settleTimeoutMs: 180_000,
} as const

/** What was looked up on this machine. */
export interface LocalParts {
  manifests: string | null
  k6Script: string | null
  images: Record<string, ImageContents>
}

export function withDefaults(file: ScenarioFile, { manifests, k6Script, images }: LocalParts): Scenario {
  return {
    name: file.scenario,
    title: file.title,
    shows: file.shows,
    variant: file.variant ?? null,
    manifests,
    images,
    workload: file.workload ?? defaults.workload,
    port: file.port ?? defaults.port,
    dependency: file.dependency ?? defaults.dependency,
    placement: file.placement ?? defaults.placement,
    cluster: clusterInputsWithDefaults(file.cluster ?? {}),
    load: loadWithDefaults(file.load ?? {}),
    ...(k6Script === null ? {} : { k6Script }),
    drainTimeoutMs: file.drainTimeoutMs ?? defaults.drainTimeoutMs,
    outageMs: file.outageMs ?? defaults.outageMs,
    settleTimeoutMs: file.settleTimeoutMs ?? defaults.settleTimeoutMs,
    disruptions: disruptionPlans(file.disruptions),
  }
}

export function clusterInputsWithDefaults(file: ClusterFile): ClusterInputs {
  return {
    nodes: file.nodes ?? defaults.nodes,
    roundTripMs: file.roundTripMs ?? defaults.roundTripMs,
    proxyLagMs: file.proxyLagMs ?? defaults.proxyLagMs,
    proxyJitterMs: file.proxyJitterMs ?? defaults.proxyJitterMs,
    kubernetesMinor: file.kubernetesMinor ?? defaults.kubernetesMinor,
    addresses: file.addresses ?? defaults.addresses,
  }
}

/** A population at 0 requests per second is left out: it is not part of the experiment. */
function loadWithDefaults(file: LoadFile): LoadProfile {
  return {
    populations: everyPopulation(file).filter(profile => profile.ratePerSecond > 0),
    connectTimeoutMs: file.connectTimeoutMs ?? defaults.connectTimeoutMs,
    firstByteTimeoutMs: file.firstByteTimeoutMs ?? defaults.firstByteTimeoutMs,
  }
}

export function everyPopulation(file: LoadFile): PopulationProfile[] {
  const { idle, upload, stream } = file
  const further: PopulationProfile[] = []
  if (idle !== undefined) {
    const profile = { ...furtherPopulations.idle, ...written(idle) }
    // Each connection is used once in the time that it rests.
    const connections = Math.max(1, Math.ceil((profile.ratePerSecond * profile.idleMs) / 1000))
    further.push({ population: 'idle', connections, ...profile })
  }
  if (upload !== undefined)
    further.push({ population: 'upload', ...furtherPopulations.upload, ...written(upload) })
  if (stream !== undefined)
    further.push({ population: 'stream', ...furtherPopulations.stream, ...written(stream) })
  // k6 keeps connections: a script that is said nothing else of sends `reused` requests.
  const silent = file.k6 === undefined ? {} : { ratePerSecond: 0 }
  return [
    { population: 'fresh', ...defaultPopulations.fresh, ...silent, ...written(file.fresh) },
    { population: 'reused', ...defaultPopulations.reused, ...written(file.reused) },
    { population: 'slow', ...defaultPopulations.slow, ...silent, ...written(file.slow) },
    ...further,
  ]
}

/** The keys that have a value. */
function written<Section extends object>(section: Section | undefined): Written<Section> {
  const entries = Object.entries(section ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Written<Section>
}

/** `protocol` has no default among these: where it is left out, it stays out. */
type Written<Section> = {
  [Key in Exclude<keyof Section, 'protocol'>]-?: NonNullable<Section[Key]>
} & { protocol?: Protocol }

function disruptionPlans(file: ScenarioFile['disruptions']): DisruptionPlan[] {
  return disruptionNames.flatMap(disruption => {
    const plan = file[disruption]
    if (plan === undefined) return []
    return {
      disruption,
      tour: plan.tour ?? false,
      expectation: {
        ending: plan.ending ?? 'completed',
        populations: {
          fresh: expectationOf(plan.expect?.fresh),
          reused: expectationOf(plan.expect?.reused),
          slow: expectationOf(plan.expect?.slow),
          ...furtherExpectations(plan.expect ?? {}),
        },
      },
    }
  })
}

/** Of those that a scenario names; of the others nothing may fail, since nothing is sent. */
function furtherExpectations(
  expect: NonNullable<NonNullable<ScenarioFile['disruptions']['drain']>['expect']>,
): Partial<Record<Population, PopulationExpectation>> {
  const named = (['idle', 'upload', 'stream'] as const).filter(name => expect[name] !== undefined)
  return Object.fromEntries(named.map(name => [name, expectationOf(expect[name])]))
}

function expectationOf(file: PopulationExpectationFile | undefined): PopulationExpectation {
  if (file === undefined || file === 'none') return { failures: 'none', causes: [], allowed: [] }
  const causes = file.some ?? []
  return { failures: causes.length > 0 ? 'some' : 'allowed', causes, allowed: file.allowed ?? [] }
}
