/**
 * What `kubectl drain` does: cordon, then evict every pod of the node that no DaemonSet owns, all at once, each retried
 * every 5 s while a PodDisruptionBudget refuses (429), then wait until the pods are gone (semantics §8.3). Which node is
 * another matter: see drain-node.ts.
 */
import { sleep } from '../base/clock.ts'
import { apiErrorCode } from '../kube/api-error.ts'
import type { Node, Pod } from '../kube/types.ts'
import type { DisruptionContext, DisruptionEnd } from './disruption.ts'
import { chooseDrainNode, isEvicted, type DrainChoice } from './drain-node.ts'

const EVICTION_RETRY_MS = 5000

export async function drain(context: DisruptionContext): Promise<DisruptionEnd> {
  const { client, mutations, clock, namespace, drainTimeoutMs } = context
  const { node, why } = await chosenNode(context)
  if (node === null) return { ending: 'failed', targets: [], detail: why }
  const deadlineUs = clock.nowUs() + drainTimeoutMs * 1000

  await mutations.cordon(node)
  const { items } = await client.request<{ items: Pod[] }>(
    'GET',
    `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`,
  )
  const evictable = items.filter(isEvicted)
  const ofWorkload = context.view().pods
  const targets = evictable
    .filter(pod => pod.metadata.namespace === namespace && ofWorkload.has(pod.metadata.name))
    .map(pod => pod.metadata.name)

  const evicted = await Promise.all(evictable.map(pod => evict(context, pod, deadlineUs)))
  if (evicted.includes(false)) {
    const detail = `${why}; a PodDisruptionBudget refused evictions for ${drainTimeoutMs / 1000} s`
    return { ending: 'blocked', targets, detail }
  }
  const limitMs = Math.max(0, deadlineUs - clock.nowUs()) / 1000
  const gone = await context.until(view => targets.every(pod => !view.pods.has(pod)), limitMs)
  return { ending: gone ? 'completed' : 'timed-out', targets, detail: why }
}

/** Read at that moment: who sits where decides, and whom nobody may lose. */
async function chosenNode({ client, rules, view, workload }: DisruptionContext): Promise<DrainChoice> {
  const { items: nodes } = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  const { items: pods } = await client.request<{ items: Pod[] }>('GET', '/api/v1/pods')
  return chooseDrainNode({ nodes, pods, workload: view().pods, workloadName: workload, rules })
}

/** True once the pod is on its way out; false when the deadline passed while the budget refused. */
async function evict(context: DisruptionContext, pod: Pod, deadlineUs: number): Promise<boolean> {
  const { mutations, clock, signal } = context
  const { name, namespace = context.namespace } = pod.metadata
  while (!signal.aborted) {
    try {
      await mutations.evict(namespace, name)
      return true
    } catch (error) {
      const code = apiErrorCode(error)
      if (code === 404) return true
      if (code !== 429) throw error
    }
    if (clock.nowUs() + EVICTION_RETRY_MS * 1000 > deadlineUs) return false
    await sleep(clock, EVICTION_RETRY_MS, signal)
  }
  return false
}
