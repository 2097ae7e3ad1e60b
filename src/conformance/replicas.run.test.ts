/** Conformance: ReplicaSets, StatefulSets and DaemonSets: adoption, order of deletion, order of updates. */
import { afterAll, expect, test } from 'vitest'
import type { KubeEvent, KubeObject, Pod, ReplicaSet } from '../kube/types.ts'
import { inNamespace } from './testing/namespace.ts'
import { isReady, newTemplate, pod, shell, workload } from './testing/objects.ts'
import { openTarget } from './testing/target.ts'
import { record, until, untilGone, untilOne } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

const replicaSet = (spec: Record<string, unknown>): object => workload(spec, { kind: 'ReplicaSet' })

function untilReady(namespace: string, count: number): Promise<Pod[]> {
  return until<Pod, Pod[]>(
    target,
    'pods',
    namespace,
    items => items.filter(isReady).length === count && items,
    `${count} ready pods`,
  )
}

test.concurrent('a ReplicaSet adopts a matching orphan and releases a pod that no longer matches', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('orphan', shell()))
    await target.create('replicasets', namespace, replicaSet({ replicas: 2 }))
    const set = await untilOne<ReplicaSet, ReplicaSet>(
      target,
      'replicasets',
      namespace,
      'web',
      item => item.status?.readyReplicas === 2 && item,
      'two ready',
    )
    const adopted = await target.get<Pod>('pods', namespace, 'orphan')
    expect(adopted.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web',
        uid: set.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ])
    expect((await target.get<{ items: Pod[] }>('pods', namespace)).items.length).toBe(2)
    await target.patch('pods', namespace, 'orphan', { metadata: { labels: { app: 'else' } } })
    await until<Pod, boolean>(target, 'pods', namespace, items => items.length === 3, 'a replacement')
    const released = await untilOne<Pod, Pod>(
      target,
      'pods',
      namespace,
      'orphan',
      item => item.metadata.ownerReferences === undefined && item,
      'released',
    )
    expect(released.metadata.deletionTimestamp).toBeUndefined()
  }),
)

test.concurrent('a scale-down takes the pods of the lowest deletion cost first', () =>
  inNamespace(target, async namespace => {
    await target.create('replicasets', namespace, replicaSet({ replicas: 3 }))
    const pods = await untilReady(namespace, 3)
    const [dear = '', cheap = '', plain = ''] = pods.map(({ metadata }) => metadata.name)
    const cost = (name: string, value: string) =>
      target.patch('pods', namespace, name, {
        metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': value } },
      })
    await cost(dear, '100')
    await cost(cheap, '-100')
    await target.patch('replicasets', namespace, 'web/scale', { spec: { replicas: 2 } })
    await untilOne<Pod, boolean>(
      target,
      'pods',
      namespace,
      cheap,
      item => item.metadata.deletionTimestamp !== undefined,
      'deleted first',
    )
    await target.patch('replicasets', namespace, 'web/scale', { spec: { replicas: 1 } })
    await untilOne<Pod, boolean>(
      target,
      'pods',
      namespace,
      plain,
      item => item.metadata.deletionTimestamp !== undefined,
      'deleted second',
    )
    expect((await target.get<Pod>('pods', namespace, dear)).metadata.deletionTimestamp).toBeUndefined()
  }),
)

test.concurrent('a scale-down takes a pod that is not ready before one that is', () =>
  inNamespace(target, async namespace => {
    const container = shell("trap 'exit 0' TERM; case $HOSTNAME in *) sleep 3600 & wait;; esac")
    await target.create(
      'replicasets',
      namespace,
      workload({ replicas: 1 }, { kind: 'ReplicaSet', container }),
    )
    const [first] = await untilReady(namespace, 1)
    await target.create(
      'pods',
      namespace,
      pod('late', shell(undefined, { readinessProbe: { exec: { command: ['sh', '-c', 'exit 1'] } } })),
    )
    await untilGone(target, 'pods', namespace, 'late')
    expect(
      (await target.get<Pod>('pods', namespace, first?.metadata.name)).metadata.deletionTimestamp,
    ).toBeUndefined()
  }),
)

test.concurrent('a deleted pod is replaced at once, while it still terminates', () =>
  inNamespace(target, async namespace => {
    const container = shell(undefined, { lifecycle: { preStop: { sleep: { seconds: 3 } } } })
    await target.create(
      'replicasets',
      namespace,
      workload({ replicas: 1 }, { kind: 'ReplicaSet', container }),
    )
    const [first] = await untilReady(namespace, 1)
    await target.remove('pods', namespace, first?.metadata.name ?? '')
    const both = await until<Pod, Pod[]>(
      target,
      'pods',
      namespace,
      items => items.length === 2 && items,
      'old and new side by side',
    )
    expect(both.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length).toBe(1)
    // Between the deletion and the new pod there is none to count.
    const counted = ({ status }: ReplicaSet): boolean => status?.replicas === 1
    await untilOne<ReplicaSet, boolean>(target, 'replicasets', namespace, 'web', counted, 'one replica')
    const pods = (await target.get<{ items: Pod[] }>('pods', namespace)).items
    expect(pods.length).toBe(2)
  }),
)

test.concurrent('a ReplicaSet tells of the pods it makes and deletes', () =>
  inNamespace(target, async namespace => {
    await target.create('replicasets', namespace, replicaSet({ replicas: 1 }))
    const [made] = await untilReady(namespace, 1)
    await target.patch('replicasets', namespace, 'web/scale', { spec: { replicas: 0 } })
    const told = await until<KubeEvent, KubeEvent[]>(
      target,
      'events',
      namespace,
      items => {
        const own = items.filter(({ involvedObject }) => involvedObject.kind === 'ReplicaSet')
        return own.length >= 2 && own
      },
      'two events',
    )
    const name = made?.metadata.name ?? ''
    expect(told.map(({ reason, message, type }) => [reason, message, type]).sort()).toEqual([
      ['SuccessfulCreate', `Created pod: ${name}`, 'Normal'],
      ['SuccessfulDelete', `Deleted pod: ${name}`, 'Normal'],
    ])
    expect(told[0]?.source).toEqual({ component: 'replicaset-controller' })
  }),
)

type Sts = KubeObject & {
  status?: {
    updateRevision?: string
    currentRevision?: string
    readyReplicas?: number
    updatedReplicas?: number
  }
}

test.concurrent('a StatefulSet makes its pods in order, each when the one before is ready', () =>
  inNamespace(target, async namespace => {
    const pods = record<Pod>(target, 'pods', namespace)
    await target.create(
      'statefulsets',
      namespace,
      workload({ replicas: 3, serviceName: 'web' }, { kind: 'StatefulSet' }),
    )
    await pods.until(({ items }) => items.filter(isReady).length === 3, 'three ready pods')
    pods.stop()
    const made = pods.seen.filter(({ type }) => type === 'ADDED')
    expect(made.map(({ object }) => object.metadata.name)).toEqual(['web-0', 'web-1', 'web-2'])
    const readyBefore = pods.seen.findIndex(
      ({ object }) => object.metadata.name === 'web-0' && isReady(object),
    )
    expect(readyBefore).toBeLessThan(pods.seen.findIndex(({ object }) => object.metadata.name === 'web-1'))
    expect(made[0]?.object.metadata.labels).toMatchObject({
      'apps.kubernetes.io/pod-index': '0',
      'statefulset.kubernetes.io/pod-name': 'web-0',
    })
    expect(made[0]?.object.spec).toMatchObject({ hostname: 'web-0', subdomain: 'web' })
  }),
)

test.concurrent('a StatefulSet rolls from the highest ordinal down, and stops at its partition', () =>
  inNamespace(target, async namespace => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } }
    await target.create(
      'statefulsets',
      namespace,
      workload({ replicas: 3, serviceName: 'web', updateStrategy }, { kind: 'StatefulSet' }),
    )
    await untilReady(namespace, 3)
    const pods = record<Pod>(target, 'pods', namespace)
    await pods.until(({ items }) => items.length === 3, 'the pods')
    await target.patch('statefulsets', namespace, 'web', newTemplate('2'))
    await untilOne<Sts, boolean>(
      target,
      'statefulsets',
      namespace,
      'web',
      item => item.status?.updatedReplicas === 2 && item.status.readyReplicas === 3,
      'two updated',
    )
    const deleted = pods.seen
      .filter(({ type }) => type === 'DELETED')
      .map(({ object }) => object.metadata.name)
    expect(deleted).toEqual(['web-2', 'web-1'])
    await target.patch('statefulsets', namespace, 'web', {
      spec: { updateStrategy: { rollingUpdate: { partition: 0 } } },
    })
    const done = await untilOne<Sts, Sts>(
      target,
      'statefulsets',
      namespace,
      'web',
      item =>
        item.status?.currentRevision === item.status?.updateRevision &&
        item.status?.readyReplicas === 3 &&
        item.status.updatedReplicas === undefined
          ? item
          : item.status?.currentRevision === item.status?.updateRevision && item,
      'rolled',
    )
    pods.stop()
    expect(done.status?.currentRevision).toMatch(/^web-[0-9a-z]+$/)
  }),
)

type Ds = KubeObject & {
  status?: {
    desiredNumberScheduled?: number
    updatedNumberScheduled?: number
    numberAvailable?: number
    observedGeneration?: number
  }
}

test.concurrent('a DaemonSet has a pod on each node that it tolerates, and rolls one node at a time', () =>
  inNamespace(target, async namespace => {
    await target.create('daemonsets', namespace, workload({}, { kind: 'DaemonSet' }))
    const full = await untilOne<Ds, Ds>(
      target,
      'daemonsets',
      namespace,
      'web',
      item =>
        (item.status?.desiredNumberScheduled ?? 0) > 0 &&
        item.status?.numberAvailable === item.status?.desiredNumberScheduled &&
        item,
      'available everywhere',
    )
    const count = full.status?.desiredNumberScheduled ?? 0
    const { items } = await target.get<{ items: Pod[] }>('pods', namespace)
    expect(new Set(items.map(({ spec }) => spec.nodeName)).size).toBe(count)
    const pods = record<Pod>(target, 'pods', namespace)
    await pods.until(seen => seen.items.length === count, 'the pods')
    await target.patch('daemonsets', namespace, 'web', newTemplate('2'))
    await untilOne<Ds, boolean>(
      target,
      'daemonsets',
      namespace,
      'web',
      item =>
        item.status?.updatedNumberScheduled === count &&
        item.status.numberAvailable === count &&
        item.status.observedGeneration === item.metadata.generation,
      'rolled',
    )
    await pods.caughtUp()
    pods.stop()
    const isOld = (item: Pod): boolean => items.some(old => old.metadata.uid === item.metadata.uid)
    const steps = pods.seen.flatMap(({ object }) => {
      if (isOld(object))
        return object.metadata.deletionTimestamp === undefined ? [] : [`${object.metadata.name} deleted`]
      return isReady(object) ? [`${object.metadata.name} ready`] : []
    })
    const order = [...new Set(steps)].map(step => step.split(' ')[1])
    expect(order).toEqual(Array.from({ length: count }, () => ['deleted', 'ready']).flat())
  }),
)
