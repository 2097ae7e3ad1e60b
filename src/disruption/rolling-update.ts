/** A changed pod template: what a deploy does. It ends when `kubectl rollout status` would say so. */
import type { DisruptionContext, DisruptionEnd } from './disruption.ts'
import type { Deployment } from '../kube/types.ts'

export async function rollingUpdate(context: DisruptionContext): Promise<DisruptionEnd> {
  const { mutations, clock, namespace, workload, settleTimeoutMs } = context
  const targets = [...context.view().pods.keys()]
  const annotations = { 'rollproof.dev/rolled-at': String(clock.nowUs()) }
  const deployment = await mutations.patch<Deployment>(
    `/apis/apps/v1/namespaces/${namespace}/deployments/${workload}`,
    { spec: { template: { metadata: { annotations } } } },
  )
  const generation = deployment.metadata.generation ?? 0
  const completed = await context.until(view => {
    const state = view.workloads.get(workload)
    return state !== undefined && state.generation >= generation && state.complete
  }, settleTimeoutMs)
  return {
    ending: completed ? 'completed' : 'timed-out',
    targets,
    detail: completed ? null : `the rollout was not complete after ${settleTimeoutMs / 1000} s`,
  }
}
