/**
 * What a run would change, found out by the very code that would change it, with a door that leads nowhere and a clock
 * that does not wait. Where the pods would be, and what they would be called, is assumed: spread over the nodes.
 */
import type { Clock } from '../base/clock.ts'
import { disruptions } from '../disruption/disruptions.ts'
import type { DisruptionEnd, WorkloadView } from '../disruption/disruption.ts'
import type { KubeReader } from '../kube/client.ts'
import type { MutationRequest } from '../kube/mutation-requests.ts'
import { PlannedMutations } from '../kube/planned-mutations.ts'
import type { KubeObject, Node, Pod } from '../kube/types.ts'
import type { NodeRules } from '../model/node-rules.ts'
import { place } from './deploy.ts'
import { workloadOf, type Experiment } from './experiment.ts'

export interface DryRunPlan {
  experiment: Experiment
  client: KubeReader
  namespace: string
  /** Whether the namespace would be made for the run. */
  ownNamespace: boolean
  rules: NodeRules
  prepare: (object: KubeObject) => KubeObject
  /** What the load would be made of, given the nodes that carry the workload. */
  load: (busyNodes: string[]) => KubeObject[]
}

export interface DryRun {
  /** In order, those that take back what was done at the end. */
  requests: MutationRequest[]
  /** What the disruption would say of itself: which node would be drained, and why. */
  detail: string | null
}

export async function dryRun(plan: DryRunPlan): Promise<DryRun> {
  const { experiment, client, namespace, rules, prepare } = plan
  const { scenario, objects } = experiment
  const mutations = new PlannedMutations(rules.runId, prepare)
  if (plan.ownNamespace) {
    await mutations.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, '')
  }
  const placed = { client, mutations, rules, namespace, objects, placement: scenario.placement }
  await place(placed, () => Promise.resolve())
  const pods = await assumedPods(plan)
  const busy = [...new Set(pods.map(({ spec }) => spec.nodeName ?? ''))].sort()
  for (const object of plan.load(busy)) await mutations.create(object, namespace)
  const end = await disrupt(plan, mutations, pods)
  return { requests: [...mutations.requests, ...mutations.undo], detail: end.detail }
}

async function disrupt(
  plan: DryRunPlan,
  mutations: PlannedMutations,
  pods: readonly Pod[],
): Promise<DisruptionEnd> {
  const { experiment, client, namespace, rules } = plan
  const { workload, dependency, drainTimeoutMs, outageMs, settleTimeoutMs } = experiment.scenario
  const view = assumedView(experiment, pods)
  return disruptions[experiment.plan.disruption]({
    client: withPods(client, pods),
    mutations,
    rules,
    clock: noWaiting,
    signal: new AbortController().signal,
    namespace,
    workload,
    dependency,
    drainTimeoutMs,
    outageMs,
    settleTimeoutMs,
    view: () => view,
    until: () => Promise.resolve(true),
  })
}

/** Each wait is over at once. */
const noWaiting: Clock = {
  nowUs: () => 0,
  after(_, action) {
    queueMicrotask(action)
    return { cancel: () => undefined }
  },
  afterReads: queueMicrotask,
}

async function assumedPods({ experiment, client, namespace, prepare, rules }: DryRunPlan): Promise<Pod[]> {
  const { items } = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  const workers = items
    .filter(({ spec }) => !(spec.taints ?? []).some(({ effect }) => effect === 'NoSchedule'))
    .map(({ metadata }) => metadata.name)
    .sort()
  const { placement } = experiment.scenario
  const used = placement === 'spread' ? workers : workers.slice(0, placement === 'all-on-one-node' ? 1 : 2)
  const { metadata, spec } = workloadOf(experiment)
  const template = prepare({ apiVersion: 'v1', kind: 'Pod', metadata: { name: '' } }).metadata
  return Array.from({ length: spec.replicas ?? 1 }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template,
      name: `${metadata.name}-POD-${index + 1}`,
      namespace,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: metadata.name, uid: rules.runId }],
    },
    spec: { ...spec.template.spec, nodeName: used[index % Math.max(1, used.length)] ?? '' },
  }))
}

function assumedView(experiment: Experiment, pods: readonly Pod[]): WorkloadView {
  const deployments = experiment.objects.filter(({ kind }) => kind === 'Deployment')
  const states = deployments.map(object => {
    const desired = (object as { spec?: { replicas?: number } }).spec?.replicas ?? 1
    return [object.metadata.name, { complete: true, available: desired, desired, generation: 1 }] as const
  })
  return {
    pods: new Map(
      pods.map(({ metadata, spec }) => [
        metadata.name,
        { node: spec.nodeName ?? null, ready: true, terminating: false },
      ]),
    ),
    workloads: new Map(states),
  }
}

/** The cluster's pods, and beside them those that are not there yet. */
function withPods(client: KubeReader, assumed: readonly Pod[]): KubeReader {
  return {
    server: client.server,
    open: (path, signal) => client.open(path, signal),
    async request<T>(_method: 'GET', path: string): Promise<T> {
      const answer = await client.request<T>('GET', path)
      const url = new URL(path, 'http://cluster')
      if (url.pathname !== '/api/v1/pods') return answer
      const node = /^spec\.nodeName=(.*)$/.exec(url.searchParams.get('fieldSelector') ?? '')?.[1]
      const added = assumed.filter(({ spec }) => node === undefined || spec.nodeName === node)
      const { items } = answer as { items: Pod[] }
      return { ...answer, items: [...items, ...added] }
    },
  }
}
