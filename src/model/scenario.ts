/** A declared experiment, after parsing and defaults. The YAML keys are these names. */
import type { AddressMode, ImageContents } from './embedded-cluster.ts'
import type { Cause } from './cause.ts'
import type { LoadProfile, PerPopulation } from './load.ts'

export const disruptionNames = ['rolling-update', 'drain', 'dependency-outage'] as const
export type DisruptionName = (typeof disruptionNames)[number]

export const placements = ['spread', 'two-on-one-node', 'all-on-one-node'] as const
export type Placement = (typeof placements)[number]

/**
 * What should happen to one population. `none`: nothing fails. `some`: at least one request fails, and each failure has
 * one of these causes or of `allowed`. `allowed`: chance decides; failures, if any, have one of these causes.
 */
export interface PopulationExpectation {
  failures: 'none' | 'some' | 'allowed'
  /** For `some`: each of these must occur. */
  causes: Cause[]
  /** Further causes that may occur beside them. For `allowed`: the only ones that may. */
  allowed: Cause[]
}

/** How the disruption itself should end. `blocked`: a drain that a PodDisruptionBudget never lets through. */
export const disruptionEndings = ['completed', 'blocked'] as const
export type DisruptionEnding = (typeof disruptionEndings)[number]

export interface Expectation {
  ending: DisruptionEnding
  populations: PerPopulation<PopulationExpectation>
}

export interface DisruptionPlan {
  disruption: DisruptionName
  /** Whether this pair is part of the tour. */
  tour: boolean
  expectation: Expectation
}

/** Inputs of the embedded cluster that a scenario may set; a real cluster has its own. */
export interface ClusterInputs {
  nodes: number
  roundTripMs: number
  /** Extra lag and jitter of each node's rules: one value for all nodes, or by node name. */
  proxyLagMs: number | Record<string, number>
  proxyJitterMs: number | Record<string, number>
  /** 33 or less: token bucket in kube-proxy; 34 or more: a hard gap between syncs. */
  kubernetesMinor: number
  /** How pods get addresses on this machine. */
  addresses: AddressMode
}

export interface Scenario {
  name: string
  /** One line: how it differs from its neighbour. */
  title: string
  /** One line: what it shows. */
  shows: string
  /** Folder below k8s/variants; null where the manifests are the user's own. */
  variant: string | null
  /** Path of a YAML file, of a folder of them, or of a kustomize folder; null for a variant. */
  manifests: string | null
  /** Images beside the sample app's, as programs of this machine. */
  images: Record<string, ImageContents>
  /** Name of the Deployment (and of the Service in front of it). */
  workload: string
  /** Service port. */
  port: number
  /** Name of the Deployment that `dependency-outage` takes away. */
  dependency: string
  placement: Placement
  cluster: ClusterInputs
  load: LoadProfile
  /** Path of a k6 script of the user's own, which is the load; the profile then says what it is expected to send. */
  k6Script?: string
  /** How long a drain may retry before it gives up. */
  drainTimeoutMs: number
  /** How long `dependency-outage` lasts. */
  outageMs: number
  /** How long a rollout or drain may take until the last old pod is gone. */
  settleTimeoutMs: number
  disruptions: DisruptionPlan[]
}
