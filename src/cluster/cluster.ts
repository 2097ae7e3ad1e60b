/**
 * Where a run takes place, as narrow as it can be. What a cluster cannot offer (a forwarding table, say) is missing from
 * its witnesses, and the analysis then says what it could not know.
 */
import type { KubeClient } from '../kube/client.ts'
import type { LoadTarget } from '../model/load.ts'
import type { ClusterFacts } from '../model/recording.ts'
import type { Witness } from '../model/transition.ts'

export interface Cluster {
  readonly facts: ClusterFacts
  readonly client: KubeClient
  readonly witnesses: readonly Witness[]
  /** How the load reaches a Service from this cluster's vantage point. */
  target(namespace: string, service: string, port: number): LoadTarget
  /** Rejects (only) when the cluster dies by itself. */
  readonly lost: Promise<never>
  release(): Promise<void>
}
