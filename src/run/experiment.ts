/** One experiment: a scenario under one of its disruptions, with the manifests it puts on the cluster. */
import type { Deployment, KubeObject } from '../kube/types.ts'
import type { DisruptionPlan, Scenario } from '../model/scenario.ts'

export interface Experiment {
  /** `<scenario>.<disruption>`: also the name of its folder. */
  name: string
  scenario: Scenario
  plan: DisruptionPlan
  objects: KubeObject[]
}

export function workloadOf({ scenario, objects }: Experiment): Deployment {
  const found = objects.find(
    object => object.kind === 'Deployment' && object.metadata.name === scenario.workload,
  )
  if (found === undefined)
    throw new Error(
      `${scenario.variant ?? scenario.manifests ?? scenario.name} has no Deployment ${scenario.workload}`,
    )
  return found as Deployment
}

/** The sample app keeps a ledger; of a user's own image nothing is known. */
export function keepsLedger(experiment: Experiment): boolean {
  return workloadOf(experiment).spec.template.spec.containers.every(({ image }) =>
    image.startsWith('rollproof/sample-app'),
  )
}

/** How long a run should take, roughly: for the order of the runs and the progress display, never for a limit. */
export interface Estimate {
  /** Until the workload is ready for load. */
  prepareMs: number
  /** Under load. */
  loadMs: number
}

/** Starting a cluster, and what a rollout step costs beside readiness. */
const CLUSTER_START_MS = 2000
/** Warm-up, baseline and cool-down. */
const AROUND_MS = 5000

export function estimate(experiment: Experiment): Estimate {
  const { scenario, plan } = experiment
  const { template, replicas = 1 } = workloadOf(experiment).spec
  const container = template.spec.containers[0]
  const startMs = Number(container?.env?.find(({ name }) => name === 'START_DELAY_MS')?.value ?? 0)
  const probe = container?.readinessProbe
  const periodMs = (probe?.periodSeconds ?? 10) * 1000
  const readyMs = probe === undefined ? 1000 : Math.ceil((startMs + 1000) / periodMs) * periodMs
  const preStop = container?.lifecycle?.preStop
  const preStopMs = 1000 * (preStop?.sleep?.seconds ?? Number(preStop?.exec?.command?.at(-1) ?? 0))
  const prepareMs = CLUSTER_START_MS + readyMs
  const withLoad = (disruptedMs: number): Estimate => ({
    prepareMs,
    loadMs: AROUND_MS + preStopMs + disruptedMs,
  })
  switch (plan.disruption) {
    case 'rolling-update':
      return withLoad(readyMs * replicas)
    case 'drain':
      return withLoad(plan.expectation.ending === 'blocked' ? scenario.drainTimeoutMs : readyMs)
    case 'dependency-outage':
      return withLoad(scenario.outageMs)
  }
}
