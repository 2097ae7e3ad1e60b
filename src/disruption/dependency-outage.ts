/** What the workload depends on goes away for a while and comes back; the workload itself is not touched. */
import { sleep } from '../base/clock.ts'
import type { DisruptionContext, DisruptionEnd } from './disruption.ts'

export async function dependencyOutage(context: DisruptionContext): Promise<DisruptionEnd> {
  const { clock, dependency, outageMs, settleTimeoutMs, signal } = context
  const replicas = context.view().workloads.get(dependency)?.desired ?? 1
  await scale(context, 0)
  await sleep(clock, outageMs, signal)
  await scale(context, replicas)
  const back = await context.until(
    view => (view.workloads.get(dependency)?.available ?? 0) >= replicas,
    settleTimeoutMs,
  )
  return {
    ending: back ? 'completed' : 'timed-out',
    targets: [],
    detail: back ? null : `${dependency} was not available again after ${settleTimeoutMs / 1000} s`,
  }
}

async function scale(
  { mutations, dependency, namespace }: DisruptionContext,
  replicas: number,
): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${dependency}`
  await mutations.patch(path, { spec: { replicas } })
}
