/**
 * Rules between several keys of a scenario. Each looks only at the section it needs, so that a mistake in one section
 * does not hide those of another.
 */
import { populations } from '../model/load.ts'
import type { PopulationProfile, Protocol } from '../model/load.ts'
import { defaults, everyPopulation } from './defaults.ts'
import { isRecord } from './explain.ts'
import type { Inconsistency } from './inconsistency.ts'
import { clusterSchema, disruptionSchema, loadSchema, MAX_RATE_PER_SECOND } from './schema.ts'
import type { LoadFile } from './schema.ts'

/** Protocols in which a connection carries several requests at a time. */
const multiplexed: readonly Protocol[] = ['http/2', 'grpc', 'events-http/2']

export function inconsistencies(value: unknown): Inconsistency[] {
  if (!isRecord(value)) return []
  return [
    ...sourceInconsistencies(value),
    ...loadInconsistencies(correctPopulations(value['load'])),
    ...clusterInconsistencies(value['cluster']),
    ...disruptionInconsistencies(value),
  ]
}

/** A lag on a node that does not exist would delay nothing. */
function clusterInconsistencies(value: unknown): Inconsistency[] {
  const checked = clusterSchema.safeParse(value)
  if (!checked.success) return []
  const { nodes = defaults.nodes } = checked.data
  return (['proxyLagMs', 'proxyJitterMs'] as const).flatMap(key => {
    const setting = checked.data[key]
    const names = typeof setting === 'object' ? Object.keys(setting) : []
    return names
      .filter(name => Number(name.replace('worker-', '')) > nodes)
      .map(name => ({
        path: ['cluster', key, name],
        message: `there is no node ${name} among ${nodes} workers`,
        advice: { expected: `control-plane, or worker-1 to worker-${nodes}` },
      }))
  })
}

/** The workload is one of ours or the user's own. */
function sourceInconsistencies(value: Record<string, unknown>): Inconsistency[] {
  const { variant, manifests } = value
  if ((variant === undefined) !== (manifests === undefined)) return []
  const advice = { expected: 'a folder of k8s/variants, or `manifests:` with a path of your own' }
  return variant === undefined
    ? [{ path: ['variant'], message: 'key `variant` is missing', advice }]
    : [
        {
          path: ['manifests'],
          message: 'both `variant` and `manifests`',
          advice: { expected: 'one of the two' },
        },
      ]
}

/** The populations that are well written; of the others the schema has already complained. */
function correctPopulations(load: unknown): LoadFile {
  if (!isRecord(load)) return {}
  const correct = populations.flatMap(population => {
    const one = loadSchema.safeParse({ [population]: load[population] })
    return one.success ? [one.data] : []
  })
  return Object.assign({}, ...correct) as LoadFile
}

function loadInconsistencies(load: LoadFile): Inconsistency[] {
  const profiles = everyPopulation(load)
  const total = profiles.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0)
  const found: Inconsistency[] = []
  if (total === 0 || total > MAX_RATE_PER_SECOND) {
    const message = `all populations together send ${total} requests per second`
    const expected = `1 to ${MAX_RATE_PER_SECOND}: without traffic nothing is shown, and one driver sends no more`
    found.push({ path: ['load'], message, advice: { expected } })
  }
  return [...found, ...profiles.flatMap(populationInconsistencies)]
}

function populationInconsistencies(profile: PopulationProfile): Inconsistency[] {
  const { population, ratePerSecond, connections, answerMs, postShare, streamShare } = profile
  const { idleMs = 0, idleJitterMs = 0, uploadMs = 0 } = profile
  const found: Inconsistency[] = []
  if (postShare + streamShare > 1) {
    const message = `\`postShare\` and \`streamShare\` of ${population} are more than the whole`
    found.push({ path: ['load', population], message, advice: { expected: 'a sum of at most 1' } })
  }
  if (idleJitterMs > idleMs) {
    const message = `a rest of ${idleMs} ms cannot be shorter by up to ${idleJitterMs} ms`
    const expected = 'at most `idleMs`'
    found.push({ path: ['load', population, 'idleJitterMs'], message, advice: { expected } })
  }
  const lastsMs = answerMs + uploadMs
  // What every server of HTTP/2 should take on a connection at a time (RFC 9113, 6.5.2).
  const atATime = multiplexed.includes(profile.protocol ?? 'http/1.1') ? 100 : 1
  const busy = (ratePerSecond * lastsMs) / 1000 / atATime
  if (population !== 'fresh' && population !== 'idle' && busy >= connections && ratePerSecond > 0) {
    const message = `${connections} connections cannot carry ${ratePerSecond}/s of ${lastsMs} ms each`
    const expected = `more than ${Math.ceil(busy)} \`connections\`, which are in use all the time`
    found.push({ path: ['load', population], message, advice: { expected } })
  }
  return found
}

function disruptionInconsistencies(value: Record<string, unknown>): Inconsistency[] {
  const { disruptions } = value
  if (!isRecord(disruptions)) return []
  const names = Object.keys(disruptions)
  if (names.length === 0) {
    const advice = { expected: 'at least one of rolling-update, drain, dependency-outage' }
    return [{ path: ['disruptions'], message: 'there is no disruption', advice }]
  }
  return names.flatMap(name => {
    const plan = disruptionSchema.safeParse(disruptions[name])
    if (!plan.success || name === 'drain' || plan.data.ending !== 'blocked') return []
    const advice = { expected: 'only a drain can be blocked, by a PodDisruptionBudget' }
    return [{ path: ['disruptions', name, 'ending'], message: `\`${name}\` cannot end blocked`, advice }]
  })
}
