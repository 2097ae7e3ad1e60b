/**
 * kind returns before its cluster works. What is waited for, and said: every node ready, the network's and the proxy's
 * daemons everywhere, and CoreDNS. On a slow machine this takes as long as it takes, up to a limit.
 */
import { sleep, type Clock } from '../../base/clock.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { Node, Pod } from '../../kube/types.ts'

export interface AwaitPlan {
  client: KubeClient
  clock: Clock
  signal: AbortSignal
  nodes: number
  say: (text: string) => void
}

const LIMIT_MS = 300_000
const POLL_MS = 500
const USUAL_REASON = 'ContainerCreating'

interface DaemonSet {
  metadata: { name: string }
  status?: { desiredNumberScheduled?: number; numberAvailable?: number }
}
interface SystemDeployment {
  metadata: { name: string }
  spec: { replicas?: number }
  status?: { availableReplicas?: number }
}

export async function awaitNodes(plan: AwaitPlan): Promise<void> {
  const { clock, signal, say } = plan
  const deadlineUs = clock.nowUs() + LIMIT_MS * 1000
  let told = ''
  for (;;) {
    const missing = await whatIsMissing(plan)
    if (missing.length === 0 || signal.aborted) return
    const text = missing.join(', ')
    if (clock.nowUs() > deadlineUs)
      throw new Error(`after ${LIMIT_MS / 1000} s the cluster still waits for ${text}`)
    if (text !== told) say(`kind: waiting for ${text} (at most ${LIMIT_MS / 1000} s)`)
    told = text
    await sleep(clock, POLL_MS, signal)
  }
}

async function whatIsMissing({ client, nodes }: AwaitPlan): Promise<string[]> {
  const system = '/apis/apps/v1/namespaces/kube-system'
  try {
    const [known, daemons, deployments, pods] = await Promise.all([
      client.request<{ items: Node[] }>('GET', '/api/v1/nodes'),
      client.request<{ items: DaemonSet[] }>('GET', `${system}/daemonsets`),
      client.request<{ items: SystemDeployment[] }>('GET', `${system}/deployments`),
      client.request<{ items: Pod[] }>('GET', '/api/v1/namespaces/kube-system/pods'),
    ])
    const withReason = (name: string): string => name + reasonOf(name, pods.items)
    const absent = nodes - known.items.length
    return [
      ...(absent > 0 ? [`${absent} of ${nodes} nodes to join`] : []),
      ...known.items.filter(node => !isReady(node)).map(({ metadata }) => `node ${metadata.name}`),
      ...daemons.items
        .filter(each => !isEverywhere(each, nodes))
        .map(({ metadata }) => withReason(metadata.name)),
      ...deployments.items
        .filter(each => !isAvailable(each))
        .map(({ metadata }) => withReason(metadata.name)),
    ]
  } catch (error) {
    return [`the API server (${error instanceof Error ? error.message : 'no answer'})`]
  }
}

/** Why a container of it waits (` (CrashLoopBackOff)`); empty where none does, beyond its usual start. */
function reasonOf(name: string, pods: readonly Pod[]): string {
  const statuses = pods
    .filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
    .flatMap(({ status }) => status?.containerStatuses ?? [])
  const reasons = statuses.map(({ state }) => state?.waiting?.reason ?? USUAL_REASON)
  const telling = [...new Set(reasons)].filter(reason => reason !== USUAL_REASON)
  return telling.length === 0 ? '' : ` (${telling.join(', ')})`
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(each => each.type === 'Ready' && each.status === 'True') ?? false
}

function isEverywhere({ status }: DaemonSet, nodes: number): boolean {
  return (status?.desiredNumberScheduled ?? 0) >= nodes && (status?.numberAvailable ?? 0) >= nodes
}

function isAvailable({ spec, status }: SystemDeployment): boolean {
  return (status?.availableReplicas ?? 0) >= (spec.replicas ?? 1)
}
