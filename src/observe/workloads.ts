/** The Deployments: how far a rollout has come. */
import type { Deployment } from '../kube/types.ts'
import { follow, type WitnessContext } from './witness.ts'

export function observeWorkloads(context: WitnessContext): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${context.namespace}/deployments`
  return follow<Deployment>(context, 'workloads', path, '', (deployment, _previous, atUs) => {
    if (deployment === null || !context.workloads.includes(deployment.metadata.name)) return
    const { metadata, spec, status = {} } = deployment
    context.record({
      atUs,
      kind: 'workload-changed',
      workload: metadata.name,
      generation: metadata.generation ?? 0,
      observedGeneration: status.observedGeneration ?? 0,
      replicas: status.replicas ?? 0,
      updated: status.updatedReplicas ?? 0,
      ready: status.readyReplicas ?? 0,
      available: status.availableReplicas ?? 0,
      desired: spec.replicas ?? 1,
    })
  })
}
