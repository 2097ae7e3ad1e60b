/**
 * Where a run takes place, as narrow as it can be. What a cluster cannot offer (a forwarding table, say) is missing from
 * its witnesses, and the analysis then says what it could not know.
 */
import type { KubeReader } from '../kube/client.ts'
import type { Mutations } from '../kube/mutations.ts'
import type { LoadPlan } from '../model/load.ts'
import type { NodeRules } from '../model/node-rules.ts'
import type { ClusterFacts } from '../model/recording.ts'
import type { Witness } from '../model/transition.ts'
import type { LoadObserver, LoadProcess } from './load-process.ts'

/** What the load is to do, without the place where it comes from and goes to: that is the cluster's. */
export type LoadOrder = Omit<LoadPlan, 'target'>

export interface Cluster {
  readonly facts: ClusterFacts
  readonly client: KubeReader
  /** The one door for what a run changes. */
  readonly mutations: Mutations
  readonly nodeRules: NodeRules
  readonly witnesses: readonly Witness[]
  /**
   * `late`: a log is read when its pod goes, or the load has ended. Following one costs a real cluster as much for each
   * line (runtime, kubelet, API server) as the request that the line is about.
   */
  readonly readsLogs: 'live' | 'late'
  /** Where the workload goes, and everything else of the run that has a namespace. */
  readonly namespace: string
  /** Starts the load on a Service of that namespace, from where this cluster's clients are. */
  startLoad(order: LoadOrder, service: ServicePort, observer: LoadObserver): Promise<LoadProcess>
  /** Rejects (only) when the cluster dies by itself. */
  readonly lost: Promise<never>
  release(): Promise<void>
}

export interface ServicePort {
  name: string
  port: number
}
