/**
 * The shape of a scenario file. Each leaf's error text says what is expected there; what was found instead, and where,
 * is added by explain.ts. Rules between several keys are in consistency.ts, defaults in defaults.ts.
 */
import { z } from 'zod'
import { causes } from '../model/cause.ts'
import type { Cause } from '../model/cause.ts'
import { addressModes } from '../model/embedded-cluster.ts'
import { protocols } from '../model/load.ts'
import { disruptionEndings, placements } from '../model/scenario.ts'
import { imagesSchema } from './images.ts'

/** `harness` and `unexplained` are shown by reports, but nobody can declare them. */
const declarableCauses = causes.filter(
  (cause): cause is Exclude<Cause, 'harness' | 'unexplained'> =>
    cause !== 'harness' && cause !== 'unexplained',
)

export const MAX_RATE_PER_SECOND = 5000

/** A map with these keys and no others. `noun` is what its keys are called in messages. */
function section<Shape extends z.core.$ZodLooseShape>(
  noun: string,
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, { error: `a map of ${noun}s` }).meta({ noun })
}

function whole(low: number, high: number, what: string): z.ZodNumber {
  const error = `${what}, ${low} to ${high}`
  return z.number({ error }).int({ error }).min(low, { error }).max(high, { error })
}

/** One value for all nodes, or one by node name. */
function perNodeMs(high: number) {
  const error = `a whole number of milliseconds, 0 to ${high}, or such a number for each node that is named`
  const node = z.string().regex(/^(control-plane|worker-[1-9]\d?)$/, { error: 'the name of a node' })
  const value = whole(0, high, 'a whole number of milliseconds')
  return z.union([value, z.record(node, value)], { error })
}

function share(): z.ZodNumber {
  const error = 'a share from 0 to 1'
  return z.number({ error }).min(0, { error }).max(1, { error })
}

function choice<const Names extends readonly [string, ...string[]]>(noun: string, names: Names) {
  return z.enum(names, { error: `one of ${names.join(', ')}` }).meta({ noun })
}

function kubernetesName(what: string): z.ZodString {
  const error = `${what}: lower-case letters, digits and dashes, at most 63`
  return z.string({ error }).regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, { error })
}

function sentence(what: string): z.ZodString {
  const error = `${what}: one line of at most 120 characters`
  return z.string({ error }).regex(/^.{1,120}$/, { error })
}

const ratePerSecond = whole(0, MAX_RATE_PER_SECOND, 'a whole number of requests per second').optional()
const answerMs = whole(0, 30_000, 'a whole number of milliseconds').optional()
const connections = whole(1, 1000, 'a whole number of connections').optional()

const protocol = choice('protocol', protocols).optional()
const aWhileMs = whole(1, 600_000, 'a whole number of milliseconds').optional()
const K6_SCRIPT = 'a k6 script of your own, relative to this file'

export const loadSchema = section('key', {
  fresh: section('key', {
    ratePerSecond,
    postShare: share().optional(),
    streamShare: share().optional(),
    answerMs,
    protocol,
  }).optional(),
  reused: section('key', {
    ratePerSecond,
    connections,
    postShare: share().optional(),
    streamShare: share().optional(),
    answerMs,
    protocol,
  }).optional(),
  slow: section('key', { ratePerSecond, connections, answerMs, protocol }).optional(),
  // The connections of `idle` follow from the rate and the rest: each is used once in that time.
  idle: section('key', {
    ratePerSecond,
    idleMs: aWhileMs,
    idleJitterMs: whole(0, 600_000, 'a whole number of milliseconds').optional(),
    postShare: share().optional(),
    streamShare: share().optional(),
    answerMs,
    protocol,
  }).optional(),
  upload: section('key', { ratePerSecond, connections, uploadMs: aWhileMs }).optional(),
  stream: section('key', { ratePerSecond, connections, answerMs, protocol }).optional(),
  connectTimeoutMs: whole(100, 60_000, 'a whole number of milliseconds').optional(),
  firstByteTimeoutMs: whole(100, 60_000, 'a whole number of milliseconds').optional(),
  k6: z.string({ error: K6_SCRIPT }).min(1, { error: K6_SCRIPT }).optional(),
})

const causeList = z
  .array(choice('cause', declarableCauses as [Cause, ...Cause[]]), { error: 'a list of causes in brackets' })
  .min(1, { error: 'at least one cause; where nothing may fail, write `none`' })
  .optional()

const expectationText = '`none`, or `{ some: [cause], allowed: [cause] }`, or `{ allowed: [cause] }`'

const populationExpectation = z.union(
  [
    z.literal('none'),
    section('key', { some: causeList, allowed: causeList }).refine(
      ({ some, allowed }) => some !== undefined || allowed !== undefined,
      { error: expectationText },
    ),
  ],
  { error: expectationText },
)

export const disruptionSchema = section('key', {
  tour: z.boolean({ error: '`true` or `false`' }).optional(),
  ending: choice('ending', disruptionEndings).optional(),
  expect: section('population', {
    fresh: populationExpectation.optional(),
    reused: populationExpectation.optional(),
    slow: populationExpectation.optional(),
    idle: populationExpectation.optional(),
    upload: populationExpectation.optional(),
    stream: populationExpectation.optional(),
  }).optional(),
})

export const clusterSchema = section('cluster input', {
  nodes: whole(2, 10, 'a whole number of worker nodes').optional(),
  roundTripMs: whole(0, 1000, 'a whole number of milliseconds').optional(),
  proxyLagMs: perNodeMs(60_000).optional(),
  proxyJitterMs: perNodeMs(60_000).optional(),
  kubernetesMinor: whole(25, 60, 'a minor version of Kubernetes 1').optional(),
  addresses: choice('way to give pods addresses', addressModes).optional(),
})

const MANIFESTS = 'a YAML file or a folder of your own, relative to this file'

export const scenarioSchema = section('key', {
  scenario: kubernetesName('the name of the scenario'),
  title: sentence('how it differs from its neighbour'),
  shows: sentence('what it shows'),
  variant: kubernetesName('a folder of k8s/variants').optional(),
  manifests: z.string({ error: MANIFESTS }).min(1, { error: MANIFESTS }).optional(),
  images: imagesSchema.optional(),
  workload: kubernetesName('the name of a Deployment').optional(),
  port: whole(1, 65_535, 'a port number').optional(),
  dependency: kubernetesName('the name of a Deployment').optional(),
  placement: choice('placement', placements).optional(),
  cluster: clusterSchema.optional(),
  load: loadSchema.optional(),
  drainTimeoutMs: whole(1000, 3_600_000, 'a whole number of milliseconds').optional(),
  outageMs: whole(1000, 600_000, 'a whole number of milliseconds').optional(),
  settleTimeoutMs: whole(1000, 3_600_000, 'a whole number of milliseconds').optional(),
  disruptions: section('disruption', {
    'rolling-update': disruptionSchema.optional(),
    drain: disruptionSchema.optional(),
    'dependency-outage': disruptionSchema.optional(),
  }),
})

/** A scenario as written: everything that has a default may be missing. */
export type ScenarioFile = z.infer<typeof scenarioSchema>
export type ClusterFile = z.infer<typeof clusterSchema>
export type LoadFile = z.infer<typeof loadSchema>
export type PopulationExpectationFile = z.infer<typeof populationExpectation>
