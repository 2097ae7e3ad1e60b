/** What the witnesses saw: one observed state change each, stamped with the harness's clock when it arrived. */
import type { ForwardingEndpoint } from './forwarding.ts'

export const witnesses = [
  'pods',
  'endpointslices',
  'workloads',
  'nodes',
  'events',
  'pod-logs',
  'forwarding',
  'containers',
] as const
export type Witness = (typeof witnesses)[number]

/** A step in a container's life that the API does not show; from the embedded kubelets, with their own instant. */
export const containerSteps = [
  'process-started',
  'pre-stop-started',
  'pre-stop-ended',
  'pre-stop-failed',
  'sigterm-sent',
  'sigterm-ignored',
  'sigkill-sent',
  'exited',
  'sandbox-gone',
  'probe-errored',
] as const
export type ContainerStep = (typeof containerSteps)[number]

/** A step that the sample app itself reports, in its pod's log. */
export const appSteps = [
  'listening',
  'sigterm',
  'listener-closing',
  'listener-closed',
  'draining-cut',
  'exiting',
] as const
export type AppStep = (typeof appSteps)[number]

export type Transition = { atUs: number } & (
  | {
      kind: 'pod-added'
      pod: string
      uid: string
      owner: string | null
      node: string | null
      address: string | null
      ready: boolean
    }
  | { kind: 'pod-scheduled'; pod: string; node: string }
  | { kind: 'pod-addressed'; pod: string; address: string }
  | { kind: 'pod-ready'; pod: string; ready: boolean }
  /** T0: the object carries a deletionTimestamp. */
  | { kind: 'pod-terminating'; pod: string; graceMs: number }
  | { kind: 'pod-deleted'; pod: string }
  | { kind: 'pod-restarted'; pod: string; container: string; restartCount: number }
  | { kind: 'container-terminated'; pod: string; container: string; exitCode: number; reason: string }
  | {
      kind: 'endpoint-changed'
      slice: string
      pod: string
      address: string
      ready: boolean
      serving: boolean
      terminating: boolean
    }
  | { kind: 'endpoint-removed'; slice: string; pod: string; address: string }
  | {
      kind: 'workload-changed'
      workload: string
      generation: number
      observedGeneration: number
      replicas: number
      updated: number
      ready: number
      available: number
      desired: number
    }
  | { kind: 'node-changed'; node: string; unschedulable: boolean; ready: boolean }
  | { kind: 'event-seen'; object: string; reason: string; message: string }
  | {
      kind: 'forwarding-changed'
      node: string
      version: number
      endpoints: ForwardingEndpoint[]
      fallback: boolean
    }
  | { kind: 'container-step'; pod: string; container: string; step: ContainerStep; detail: string | null }
  | { kind: 'app-step'; pod: string; step: AppStep }
  | { kind: 'watch-synced'; witness: Witness }
  /** Between `fromUs` and `atUs` this witness may have missed something. */
  | { kind: 'watch-gap'; witness: Witness; fromUs: number; why: string }
)

/** One line of the sample app's ledger, as read from its pod's log. */
export interface LedgerEntry {
  pod: string
  /** `<runPrefix>-<seq>`. */
  request: string
  /** By the app's clock. */
  atUs: number
  what: 'arrived' | 'answered'
}

/** Something the harness did. A mark whose `endUs` is null was begun and not ended: the run broke off there. */
export interface Mark {
  what: MarkName
  beginUs: number
  endUs: number | null
  detail: string | null
}
export const markNames = [
  'deploy',
  'warm-up',
  'baseline',
  'disruption',
  'settle',
  'cool-down',
  'drain-load',
] as const
export type MarkName = (typeof markNames)[number]
