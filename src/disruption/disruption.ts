/** What an actor that disrupts a workload is given, and what it tells. Actors act and tell; they do not judge. */
import type { Clock } from '../base/clock.ts'
import type { KubeReader } from '../kube/client.ts'
import type { Mutations } from '../kube/mutations.ts'
import type { NodeRules } from '../model/node-rules.ts'
import type { DisruptionRecord } from '../model/recording.ts'

/** The live state that an actor may wait for. It never decides a verdict. */
export interface WorkloadView {
  /** Pods of the workload that exist, with their node. */
  pods: ReadonlyMap<string, { node: string | null; ready: boolean; terminating: boolean }>
  /** By Deployment name. */
  workloads: ReadonlyMap<
    string,
    { complete: boolean; available: number; desired: number; generation: number }
  >
}

export interface DisruptionContext {
  client: KubeReader
  mutations: Mutations
  /** Which nodes may be touched. */
  rules: NodeRules
  clock: Clock
  signal: AbortSignal
  namespace: string
  workload: string
  dependency: string
  drainTimeoutMs: number
  outageMs: number
  settleTimeoutMs: number
  view: () => WorkloadView
  /** False when the limit passed (or the run was interrupted) before the condition held. */
  until: (condition: (view: WorkloadView) => boolean, limitMs: number) => Promise<boolean>
}

export type DisruptionEnd = Pick<DisruptionRecord, 'ending' | 'targets' | 'detail'>
