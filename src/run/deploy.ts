/**
 * Puts the variant on the cluster and waits until it is ready. A placement is brought about by cordoning other nodes
 * while the pods are scheduled, which works on every cluster and leaves the manifests as they are.
 */
import { sleep } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import type { KubeReader } from '../kube/client.ts'
import type { Mutations } from '../kube/mutations.ts'
import type { Deployment, KubeObject, Node } from '../kube/types.ts'
import { ALLOWED_LABEL, type NodeRules } from '../model/node-rules.ts'
import type { Placement } from '../model/scenario.ts'

export interface Deploy {
  client: KubeReader
  mutations: Mutations
  rules: NodeRules
  clock: Clock
  signal: AbortSignal
  namespace: string
  objects: KubeObject[]
  placement: Placement
  limitMs: number
}

const POLL_MS = 200

export function deploy(plan: Deploy): Promise<void> {
  return place(plan, () => waitAvailable(plan))
}

/** `ready` resolves when the pods are where they belong. */
export async function place(
  plan: Omit<Deploy, 'clock' | 'signal' | 'limitMs'>,
  ready: () => Promise<void>,
): Promise<void> {
  const { mutations, objects, namespace } = plan
  const cordoned: string[] = []
  try {
    for (const node of await nodesToAvoid(plan)) if (await mutations.cordon(node)) cordoned.push(node)
    for (const object of objects) await mutations.create(object, namespace)
    await ready()
  } finally {
    for (const node of cordoned) await mutations.uncordon(node)
  }
}

/** With three replicas and two nodes left the scheduler puts two on one; with one node left, all. */
async function nodesToAvoid({
  client,
  placement,
  rules,
}: Pick<Deploy, 'client' | 'placement' | 'rules'>): Promise<string[]> {
  if (placement === 'spread') return []
  const { items } = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  const workers = items.filter(node => !(node.spec.taints ?? []).some(taint => taint.effect === 'NoSchedule'))
  const avoided = cordonedFor(placement, workers)
  const forbidden = avoided.filter(({ metadata }) => !mayTouch(rules, metadata.labels))
  if (forbidden.length > 0) {
    const names = forbidden.map(({ metadata }) => metadata.name).join(', ')
    throw new Error(`the placement ${placement} needs to cordon nodes that may not be touched: ${names}`)
  }
  return avoided.map(({ metadata }) => metadata.name)
}

/** Those that remain are the first by name. */
function cordonedFor(placement: Placement, workers: readonly Node[]): Node[] {
  const byName = [...workers].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  switch (placement) {
    case 'spread':
      return []
    case 'two-on-one-node':
      return byName.slice(2)
    case 'all-on-one-node':
      return byName.slice(1)
  }
}

function mayTouch({ touch }: NodeRules, labels: Record<string, string> = {}): boolean {
  return touch === 'every' || (touch === 'allowed' && labels[ALLOWED_LABEL] === 'true')
}

async function waitAvailable({ client, clock, signal, namespace, objects, limitMs }: Deploy): Promise<void> {
  const names = objects.filter(object => object.kind === 'Deployment').map(object => object.metadata.name)
  const deadlineUs = clock.nowUs() + limitMs * 1000
  let pending: string[] = names
  while (pending.length > 0) {
    if (signal.aborted) return
    if (clock.nowUs() > deadlineUs) {
      throw new Error(`not available after ${limitMs / 1000} s: ${pending.join(', ')}`)
    }
    await sleep(clock, POLL_MS, signal)
    const { items } = await client.request<{ items: Deployment[] }>(
      'GET',
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
    )
    pending = names.filter(name => !items.some(item => item.metadata.name === name && isAvailable(item)))
  }
}

function isAvailable({ metadata, spec, status }: Deployment): boolean {
  const desired = spec.replicas ?? 1
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.availableReplicas ?? 0) >= desired &&
    (status?.updatedReplicas ?? 0) >= desired
  )
}
