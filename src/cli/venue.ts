/**
 * Where the experiments of a run take place: an embedded cluster for each, side by side, or one kind cluster for all, one
 * after the other. What cannot be had is told before anything is made.
 */
import path from 'node:path'
import { loadsAtATime } from '../run/matrix.ts'
import { systemClock } from '../base/clock.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { acquireContext } from '../cluster/context.ts'
import { acquireEmbedded } from '../cluster/embedded.ts'
import { sampleAppImages } from '../cluster/images.ts'
import { journalFolder } from '../cluster/journal.ts'
import { acquireKind, type KindCluster } from '../cluster/kind/kind-cluster.ts'
import { imagesOf } from '../cluster/made-by-run.ts'
import { startLoadFrom } from '../cluster/load-from.ts'
import { KindUnavailable } from '../cluster/kind/problem.ts'
import type { LoadSource } from '../model/remote-load.ts'
import type { Experiment } from '../run/experiment.ts'
import type { ClusterKind } from './cluster-kinds.ts'
import type { ContextPlace } from './context-place.ts'
import { UsageError } from './exit-code.ts'

export interface VenueOptions {
  cluster?: ClusterKind
  kindImage?: string
  kindConfig?: string
  /** True for the flag alone. */
  keep?: string | true
  loadFrom?: LoadSource
}

export interface Venue {
  /** Experiments under load at once. */
  atATime: number
  acquire(experiment: Experiment, seed: number): Promise<Cluster>
  /** What to do when something could not be ended or taken back. */
  whenLeft: string
  /** `trouble`: something to find the reason of. */
  close(trouble: boolean): Promise<void>
}

export interface VenuePlan {
  options: VenueOptions
  experiments: readonly Experiment[]
  runId: string
  /** Of the run's report. */
  folder: string
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  say: (text: string) => void
}

const KEPT_NAME = 'rollproof'

/** Null where everything fits together. */
export function venueComplaint(
  { cluster = 'embedded', kindImage, kindConfig, keep, loadFrom }: VenueOptions,
  scenarios: readonly string[],
  onContext = false,
): string | null {
  const flags = { '--kind-image': kindImage, '--kind-config': kindConfig, '--keep': keep }
  const given = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag]))
  if (loadFrom !== undefined && cluster !== 'kind' && !onContext)
    return '--load-from: only with --cluster kind or --context; on the embedded cluster the load needs no way in'
  if (cluster !== 'kind') return given.length === 0 ? null : `${given.join(', ')}: only with --cluster kind`
  if (typeof keep !== 'string') return null
  if (scenarios.includes(keep))
    return `--keep ${keep}: that is a scenario; for a cluster of the usual name put --keep at the end`
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(keep))
    return `--keep ${keep}: expected a name of small letters, digits, dots and hyphens`
  return null
}

export async function openVenue(plan: VenuePlan): Promise<Venue> {
  return plan.options.cluster === 'kind' ? openKind(plan) : embeddedVenue()
}

/** A cluster of others: one experiment after the other. */
export function contextVenue(place: ContextPlace, signal: AbortSignal): Venue {
  return {
    atATime: 1,
    whenLeft: 'something was left on the cluster; take it back with: rollproof cleanup',
    acquire: () => place.acquire(signal),
    close: () => Promise.resolve(),
  }
}

function embeddedVenue(): Venue {
  return {
    atATime: loadsAtATime(),
    whenLeft: 'something was left behind; end it with: rollproof cleanup',
    acquire: ({ scenario }, seed) =>
      acquireEmbedded({
        inputs: scenario.cluster,
        images: { ...sampleAppImages(), ...scenario.images },
        seed,
        clock: systemClock,
        givesWay: true,
      }),
    close: () => Promise.resolve(),
  }
}

async function openKind(plan: VenuePlan): Promise<Venue> {
  const { options, runId, folder, env, signal, say } = plan
  const { keep } = options
  const kind = await orUsage(() =>
    acquireKind({
      runId,
      image: options.kindImage ?? null,
      config: options.kindConfig ?? null,
      keep: keep === undefined ? null : keep === true ? KEPT_NAME : keep,
      ownImages: ownImages(plan.experiments),
      logs: path.join(folder, 'kind-logs'),
      env,
      clock: systemClock,
      signal,
      say,
    }),
  )
  return {
    atATime: 1,
    whenLeft: `something was left on the cluster ${kind.name}; take it back with: rollproof cleanup`,
    acquire: () => acquireOn(kind, plan),
    async close(trouble) {
      if (trouble) say(`kind: the nodes' logs are in ${await kind.collectLogs()}`)
      await kind.release()
    },
  }
}

function ownImages(experiments: readonly Experiment[]): string[] {
  const named = experiments.flatMap(({ objects }) => objects.flatMap(object => imagesOf(object)))
  return [...new Set(named)].filter(image => !(image in sampleAppImages()))
}

function acquireOn(
  { kubeconfig, context }: KindCluster,
  { options, runId, env, signal }: VenuePlan,
): Promise<Cluster> {
  return acquireContext({
    kubeconfig: { files: [kubeconfig] },
    context,
    kind: 'kind',
    namespace: null,
    images: {},
    touchNodes: 'every',
    runId,
    journals: journalFolder(env),
    clock: systemClock,
    signal,
    startLoad: startLoadFrom(options.loadFrom ?? 'inside'),
  })
}

/** What the user can ask for otherwise is a matter of usage; what the machine lacks is not. */
async function orUsage<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof KindUnavailable && error.problems.some(({ fault }) => fault === 'asked'))
      throw new UsageError(error.message)
    throw error
  }
}
