/**
 * What `kubectl drain` does: cordon, then evict every pod of the node that no DaemonSet owns, all at once, each retried
 * every 5 s while a PodDisruptionBudget refuses (429), then wait until the pods are gone (semantics §8.3). The node is the one
 * that carries most pods of the workload.
 */
import { sleep } from '../base/clock.ts'
import { apiErrorCode } from '../kube/api-error.ts'
import type { Pod } from '../kube/types.ts'
import type { DisruptionContext, DisruptionEnd } from './disruption.ts'

const EVICTION_RETRY_MS = 5000

export async function drain(context: DisruptionContext): Promise<DisruptionEnd> {
  const { client, mutations, clock, namespace, drainTimeoutMs } = context
  const node = fullestNode(context)
  if (node === null) return { ending: 'failed', targets: [], detail: 'no node carries a pod of the workload' }
  const deadlineUs = clock.nowUs() + drainTimeoutMs * 1000

  await mutations.cordon(node)
  const { items } = await client.request<{ items: Pod[] }>(
    'GET',
    `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`,
  )
  const evictable = items.filter(pod => !isDaemon(pod))
  const ofWorkload = context.view().pods
  const targets = evictable
    .filter(pod => pod.metadata.namespace === namespace && ofWorkload.has(pod.metadata.name))
    .map(pod => pod.metadata.name)

  const evicted = await Promise.all(evictable.map(pod => evict(context, pod, deadlineUs)))
  if (evicted.includes(false)) {
    const detail = `${node}: a PodDisruptionBudget refused evictions for ${drainTimeoutMs / 1000} s`
    return { ending: 'blocked', targets, detail }
  }
  const limitMs = Math.max(0, deadlineUs - clock.nowUs()) / 1000
  const gone = await context.until(view => targets.every(pod => !view.pods.has(pod)), limitMs)
  return { ending: gone ? 'completed' : 'timed-out', targets, detail: node }
}

function fullestNode(context: DisruptionContext): string | null {
  const counts = new Map<string, number>()
  for (const { node } of context.view().pods.values()) {
    if (node !== null) counts.set(node, (counts.get(node) ?? 0) + 1)
  }
  const fullest = [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b))[0]
  return fullest?.[0] ?? null
}

function isDaemon(pod: Pod): boolean {
  return pod.metadata.ownerReferences?.some(owner => owner.kind === 'DaemonSet') ?? false
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
