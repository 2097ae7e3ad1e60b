/** Conformance: budgets, evictions, cordons, and pods that no node takes. */
import { V1Eviction } from '@kubernetes/client-node'
import { afterAll, expect, test } from 'vitest'
import type { KubeEvent, Node, Pod, PodDisruptionBudget } from '../kube/types.ts'
import { openAll, setGate } from './testing/gates.ts'
import { inNamespace } from './testing/namespace.ts'
import { budget, condition, gated, idle, isReady, pod, shell, workload } from './testing/objects.ts'
import { mergePatch, openTarget } from './testing/target.ts'
import { Recorder, until, untilGone, untilOne } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

function untilBudget<V>(
  namespace: string,
  look: (item: PodDisruptionBudget) => V | null | undefined | false,
  what: string,
): Promise<V> {
  return untilOne<PodDisruptionBudget, V>(target, 'poddisruptionbudgets', namespace, 'web', look, what)
}

const settled = ({ metadata, status }: PodDisruptionBudget): boolean =>
  status?.observedGeneration === metadata.generation

async function untilReady(namespace: string, count: number): Promise<Pod[]> {
  return until<Pod, Pod[]>(
    target,
    'pods',
    namespace,
    items => items.filter(isReady).length === count && items,
    `${count} ready pods`,
  )
}

function evict(namespace: string, name: string, more: object = {}) {
  return target.raw('POST', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, {
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace }, ...more },
  })
}

/** Replicas, the budget, and its desiredHealthy and disruptionsAllowed when all are ready (semantics A.3). */
const rows: [number, Record<string, number | string>, number, number][] = [
  [1, { minAvailable: 1 }, 1, 0],
  [1, { maxUnavailable: 1 }, 0, 1],
  [3, { minAvailable: '50%' }, 2, 1],
  [3, { maxUnavailable: '50%' }, 1, 2],
  [7, { maxUnavailable: '30%' }, 4, 3],
  [7, { minAvailable: '30%' }, 3, 4],
  [3, { maxUnavailable: 0 }, 3, 0],
  [3, { minAvailable: '100%' }, 3, 0],
]

test('budgets count as the table says', () =>
  inNamespace(target, async namespace => {
    // One Deployment per size, and one budget after the other: two over one pod are not both kept up.
    for (const replicas of [1, 3, 7]) {
      const template = { metadata: { labels: { app: `web-${replicas}` } }, spec: { containers: [shell()] } }
      const spec = { replicas, selector: { matchLabels: { app: `web-${replicas}` } }, template }
      await target.create('deployments', namespace, workload(spec, { name: `web-${replicas}` }))
    }
    await untilReady(namespace, 11)
    for (const [index, [replicas, limit, desiredHealthy, disruptionsAllowed]] of rows.entries()) {
      const selector = { matchLabels: { app: `web-${replicas}` } }
      await target.create('poddisruptionbudgets', namespace, budget({ ...limit, selector }, `row-${index}`))
      const status = await untilOne<PodDisruptionBudget, PodDisruptionBudget['status']>(
        target,
        'poddisruptionbudgets',
        namespace,
        `row-${index}`,
        item => item.status?.currentHealthy === replicas && item.status,
        'all healthy',
      )
      expect([index, status]).toMatchObject([
        index,
        {
          expectedPods: replicas,
          currentHealthy: replicas,
          desiredHealthy,
          disruptionsAllowed,
          observedGeneration: 1,
        },
      ])
      const reason = disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods'
      expect(status?.conditions?.[0]).toMatchObject({
        type: 'DisruptionAllowed',
        status: disruptionsAllowed > 0 ? 'True' : 'False',
        reason,
        observedGeneration: 1,
      })
      await target.remove('poddisruptionbudgets', namespace, `row-${index}`)
    }
  }))

test.concurrent('an eviction within the budget is granted, and the pod says why it ends', () =>
  inNamespace(target, async namespace => {
    const container = shell(undefined, { lifecycle: { preStop: { sleep: { seconds: 2 } } } })
    await target.create(
      'replicasets',
      namespace,
      workload({ replicas: 2 }, { kind: 'ReplicaSet', container }),
    )
    const [first] = await untilReady(namespace, 2)
    await target.create('poddisruptionbudgets', namespace, budget({ minAvailable: 1 }))
    await untilBudget(namespace, item => item.status?.disruptionsAllowed === 1, 'one allowed')
    const name = first?.metadata.name ?? ''
    expect(await evict(namespace, name)).toMatchObject({
      code: 201,
      body: { kind: 'Status', status: 'Success', code: 201 },
    })
    const dying = await target.get<Pod>('pods', namespace, name)
    expect(dying.metadata.deletionGracePeriodSeconds).toBe(30)
    expect(dying.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    })
  }),
)

test.concurrent('an eviction beyond the budget is refused as TooManyRequests, and a dry run too', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', shell()))
    await untilReady(namespace, 1)
    await target.create('poddisruptionbudgets', namespace, budget({ minAvailable: 1 }))
    await untilBudget(namespace, item => settled(item) && item.status?.currentHealthy === 1, 'counted')
    const expected = {
      code: 429,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        reason: 'TooManyRequests',
        details: {
          causes: [
            {
              reason: 'DisruptionBudget',
              message: 'The disruption budget web needs 1 healthy pods and has 1 currently',
            },
          ],
        },
        code: 429,
      },
    }
    expect(await evict(namespace, 'a')).toMatchObject(expected)
    expect((await evict(namespace, 'a')).headers['retry-after']).toBeUndefined()
    expect(await evict(namespace, 'a', { deleteOptions: { dryRun: ['All'] } })).toMatchObject(expected)
    const body = Object.assign(new V1Eviction(), { metadata: { name: 'a', namespace } })
    const typed = target.core.createNamespacedPodEviction({ name: 'a', namespace, body })
    await expect(typed).rejects.toMatchObject({ code: 429 })
  }),
)

test.concurrent('two budgets over one pod are an internal error', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', shell()))
    await untilReady(namespace, 1)
    for (const name of ['web', 'two'])
      await target.create('poddisruptionbudgets', namespace, budget({ minAvailable: 0 }, name))
    const { code, body } = await evict(namespace, 'a')
    expect([code, body.reason, body.message]).toEqual([
      500,
      undefined,
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    ])
  }),
)

test.concurrent('a pod that is not there is NotFound to an eviction, and a pending one needs no budget', () =>
  inNamespace(target, async namespace => {
    expect(await evict(namespace, 'nobody')).toMatchObject({
      code: 404,
      body: { reason: 'NotFound', message: 'pods "nobody" not found' },
    })
    await target.create('pods', namespace, pod('a', shell(), { schedulerName: 'nobody' }))
    await target.create('poddisruptionbudgets', namespace, budget({ minAvailable: 1 }))
    expect((await evict(namespace, 'a')).code).toBe(201)
    await untilGone(target, 'pods', namespace, 'a')
  }),
)

test.concurrent('an unready pod is protected while the budget is not met, unless AlwaysAllow', () =>
  inNamespace(target, async namespace => {
    await target.create(
      'replicasets',
      namespace,
      workload({ replicas: 2 }, { kind: 'ReplicaSet', podSpec: gated }),
    )
    await openAll(target, namespace, 2)
    const [first] = await untilReady(namespace, 2)
    await target.create('poddisruptionbudgets', namespace, budget({ minAvailable: 2 }))
    const name = first?.metadata.name ?? ''
    await setGate(target, namespace, name, false)
    await untilBudget(namespace, item => settled(item) && item.status?.currentHealthy === 1, 'one healthy')
    expect((await evict(namespace, name)).code).toBe(429)
    await target.patch('poddisruptionbudgets', namespace, 'web', {
      spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' },
    })
    await untilBudget(namespace, settled, 'observed')
    expect((await evict(namespace, name)).code).toBe(201)
  }),
)

test.concurrent('a budget that the controller has not seen yet refuses with Retry-After', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', shell()))
    await untilReady(namespace, 1)
    await target.create('poddisruptionbudgets', namespace, budget({ minAvailable: 1 }))
    await untilBudget(namespace, settled, 'observed')
    // The status of a generation that is behind, written as the controller would.
    const path = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/web`
    const [, refusal] = await Promise.all([
      target.raw('PATCH', path, { body: { spec: { minAvailable: 0 } }, contentType: mergePatch }),
      evict(namespace, 'a'),
    ])
    expect([201, 429]).toContain(refusal.code)
    if (refusal.code === 429 && refusal.headers['retry-after'] !== undefined)
      expect([refusal.headers['retry-after'], refusal.body.details?.retryAfterSeconds]).toEqual(['10', 10])
  }),
)

test('a cordoned node is tainted, and takes no pod until it is uncordoned', () =>
  inNamespace(target, async namespace => {
    const { items } = await target.core.listNode({ labelSelector: '!node-role.kubernetes.io/control-plane' })
    const node = items[0]?.metadata?.name ?? ''
    const nodePath = `/api/v1/nodes/${node}`
    const nodes = new Recorder<Node>(target, '/api/v1/nodes', { fieldSelector: `metadata.name=${node}` })
    const taint = ({ spec }: Node) =>
      spec.taints?.find(({ key }) => key === 'node.kubernetes.io/unschedulable')
    try {
      await target.raw('PATCH', nodePath, {
        body: { spec: { unschedulable: true } },
        contentType: mergePatch,
      })
      const tainted = await nodes.until(each => each.items[0] && taint(each.items[0]), 'a taint')
      expect(tainted).toMatchObject({ effect: 'NoSchedule', timeAdded: expect.any(String) as string })
      await target.create(
        'pods',
        namespace,
        pod('a', shell(), { nodeSelector: { 'kubernetes.io/hostname': node } }),
      )
      const told = await until<KubeEvent, KubeEvent>(
        target,
        'events',
        namespace,
        all => all.find(({ reason }) => reason === 'FailedScheduling'),
        'FailedScheduling',
      )
      expect(told.message).toMatch(/^0\/\d+ nodes are available: .*1 node\(s\) were unschedulable/)
    } finally {
      await target.raw('PATCH', nodePath, {
        body: { spec: { unschedulable: null } },
        contentType: mergePatch,
      })
    }
    await nodes.until(each => each.items[0] !== undefined && taint(each.items[0]) === undefined, 'no taint')
    nodes.stop()
    await untilOne<Pod, boolean>(target, 'pods', namespace, 'a', isReady, 'ready after all')
  }))

test.concurrent('a pod that asks for more than any node has stays Pending and says why', () =>
  inNamespace(target, async namespace => {
    const resources = { requests: { cpu: '1000' } }
    await target.create('pods', namespace, pod('a', shell(idle, { resources })))
    const waiting = await untilOne<Pod, Pod>(
      target,
      'pods',
      namespace,
      'a',
      item => condition(item, 'PodScheduled')?.status === 'False' && item,
      'unschedulable',
    )
    expect(waiting.status?.phase).toBe('Pending')
    const scheduled = waiting.status?.conditions?.find(({ type }) => type === 'PodScheduled')
    expect(scheduled?.reason).toBe('Unschedulable')
    expect(scheduled?.message).toMatch(
      /^0\/\d+ nodes are available: .*\d+ Insufficient cpu.*preemption: 0\/\d+ nodes are available: /,
    )
    const told = await until<KubeEvent, KubeEvent>(
      target,
      'events',
      namespace,
      items => items.find(({ reason }) => reason === 'FailedScheduling'),
      'FailedScheduling',
    )
    expect([told.type, told.message]).toEqual(['Warning', scheduled?.message])
  }),
)

test.concurrent('a node selector that no node matches is told in the scheduler’s words', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', shell(), { nodeSelector: { colour: 'none' } }))
    const told = await until<KubeEvent, KubeEvent>(
      target,
      'events',
      namespace,
      items => items.find(({ reason }) => reason === 'FailedScheduling'),
      'FailedScheduling',
    )
    expect(told.message).toMatch(
      /^0\/(\d+) nodes are available: .*\d+ node\(s\) didn't match Pod's node affinity\/selector\. (no new claims to deallocate, )?preemption: 0\/\1 nodes are available: \1 Preemption is not helpful for scheduling\.$/,
    )
  }),
)
