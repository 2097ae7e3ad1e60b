/**
 * A cluster that a kubeconfig reaches: one that others use as well. What a run makes there carries its id, is written
 * into a journal first, and is taken back at the end; nothing else is touched. A kind cluster is one of these, too, with a
 * namespace per experiment.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { connectKube, type KubeClient } from '../kube/client.ts'
import { readKubeconfig, type KubeconfigSource } from '../kube/kubeconfig.ts'
import { MutatingClient, type Mutations } from '../kube/mutations.ts'
import type { KubeObject } from '../kube/types.ts'
import type { NodeRules } from '../model/node-rules.ts'
import { witnesses } from '../model/transition.ts'
import type { Cluster, LoadOrder, ServicePort } from './cluster.ts'
import { clusterUidOf, readFacts } from './context-facts.ts'
import { Journal } from './journal.ts'
import type { LoadObserver, LoadProcess } from './load-process.ts'
import { madeByRun, type ImageNames } from './made-by-run.ts'
import { takeBackAll } from './take-back-all.ts'

/** Besides watches. */
export const REQUESTS_PER_SECOND = 20

export interface ContextPlan {
  kubeconfig: KubeconfigSource
  /** Null: the file's current one. */
  context: string | null
  kind: 'kind' | 'context'
  /** Null: one is made for this acquisition, and deleted with it. */
  namespace: string | null
  images: ImageNames
  /** `every` for a cluster of the run's own. */
  touchNodes: NodeRules['touch']
  runId: string
  /** Where the journal is kept; see journalFolder. */
  journals: string
  clock: Clock
  signal: AbortSignal
  startLoad: LoadStarter
}

/** Where the load on a cluster comes from. */
export type LoadStarter = (
  place: LoadPlace,
  order: LoadOrder,
  service: ServicePort,
  observer: LoadObserver,
) => Promise<LoadProcess>

export interface LoadPlace {
  client: KubeClient
  mutations: Mutations
  namespace: string
  runId: string
  clock: Clock
  signal: AbortSignal
}

export async function acquireContext(plan: ContextPlan): Promise<Cluster> {
  const { kubeconfig, runId, clock, images, signal, journals } = plan
  const { context, server } = await readKubeconfig(kubeconfig, plan.context)
  const client = await connectKube(kubeconfig, { context, clock, requestsPerSecond: REQUESTS_PER_SECOND })
  const { facts, embedded } = await readFacts(client, plan.kind)
  const journal = new Journal(journals, runId, {
    kubeconfigFiles: 'files' in kubeconfig ? kubeconfig.files : [],
    context,
    server,
    clusterUid: await clusterUidOf(client),
    namespace: plan.namespace,
  })
  const prepare = (object: KubeObject): KubeObject => madeByRun(object, runId, images)
  const mutations = new MutatingClient({ client, runId, log: journal, prepare })
  const release = async (): Promise<void> => {
    const { entries } = journal
    journal.close()
    try {
      const { failed } = await takeBackAll({ client, clock, runId, entries })
      if (failed.length > 0) throw new Error(`not taken back: ${failed.join('; ')}`)
      journal.remove()
    } finally {
      client.close()
    }
  }
  try {
    const namespace = plan.namespace ?? (await makeNamespace(mutations, runId))
    const place: LoadPlace = { client, mutations, namespace, runId, clock, signal }
    return {
      facts,
      client,
      mutations,
      nodeRules: { touch: plan.touchNodes, runId },
      readsLogs: embedded ? 'live' : 'late',
      witnesses: embedded ? witnesses : witnesses.filter(isSeenAnywhere),
      namespace,
      startLoad: (order, service, observer) => plan.startLoad(place, order, service, observer),
      // A cluster of others ends with nobody's leave: that shows in the watches.
      lost: new Promise<never>(() => undefined),
      release,
    }
  } catch (error) {
    await release()
    throw error
  }
}

const isSeenAnywhere = (witness: string): boolean => witness !== 'forwarding' && witness !== 'containers'

/** Several of one run may be there side by side. */
async function makeNamespace(mutations: Mutations, runId: string): Promise<string> {
  const name = `rollproof-${runId.toLowerCase()}-${randomBytes(3).toString('hex')}`
  await mutations.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, '')
  return name
}
