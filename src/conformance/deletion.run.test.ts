/** Conformance: finalizers, dependents, and what a namespace takes with it. */
import { afterAll, expect, test } from 'vitest'
import type { KubeObject, Pod, ReplicaSet } from '../kube/types.ts'
import { inNamespace, watchPath } from './testing/namespace.ts'
import { pod, shell, workload } from './testing/objects.ts'
import { pathOf } from './testing/paths.ts'
import { mergePatch, openTarget } from './testing/target.ts'
import { until, untilGone, untilOne } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

const nowhere = { podSpec: { schedulerName: 'nobody' } }
const configMap = (extras: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...extras },
})

async function deployed(namespace: string): Promise<void> {
  await target.create('deployments', namespace, workload({ replicas: 1 }, nowhere))
  await until<Pod, boolean>(target, 'pods', namespace, items => items.length === 1, 'a pod')
}

test.concurrent('an object without finalizers is gone when its deletion is answered, with a Status', () =>
  inNamespace(target, async namespace => {
    const { metadata } = await target.create<KubeObject>('configmaps', namespace, configMap())
    const { code, body } = await target.raw('DELETE', pathOf('configmaps', namespace, 'a'))
    expect([code, body]).toEqual([
      200,
      {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'a', kind: 'configmaps', uid: metadata.uid },
      },
    ])
  }),
)

test.concurrent('a finalizer keeps an object until it is taken off', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, configMap({ finalizers: ['example.com/mine'] }))
    const path = pathOf('configmaps', namespace, 'a')
    const held = await target.raw<KubeObject>('DELETE', path)
    expect([held.code, held.body.kind, held.body.metadata.deletionGracePeriodSeconds]).toEqual([
      200,
      'ConfigMap',
      0,
    ])
    expect(held.body.metadata.deletionTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const more = await target.raw('PATCH', path, {
      body: { metadata: { finalizers: ['example.com/mine', 'example.com/new'] } },
      contentType: mergePatch,
    })
    expect([more.code, more.body.reason]).toEqual([422, 'Invalid'])
    expect(
      (await target.raw('PATCH', path, { body: { metadata: { finalizers: null } }, contentType: mergePatch }))
        .code,
    ).toBe(200)
    expect((await target.raw('GET', path)).code).toBe(404)
  }),
)

test.concurrent('a precondition that does not hold refuses a deletion', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, configMap())
    const { code, body } = await target.raw('DELETE', pathOf('configmaps', namespace, 'a'), {
      body: { preconditions: { uid: 'other' } },
    })
    expect([code, body.reason]).toEqual([409, 'Conflict'])
    expect(body.message).toMatch(
      /^Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition \(other\) does not match the UID in record \([0-9a-f-]{36}\)\. The object might have been deleted and then recreated$/,
    )
  }),
)

test.concurrent('Background deletes the owner at once and its dependents afterwards', () =>
  inNamespace(target, async namespace => {
    await deployed(namespace)
    const { body } = await target.raw('DELETE', pathOf('deployments', namespace, 'web'), {
      body: { propagationPolicy: 'Background' },
    })
    expect(body).toMatchObject({
      kind: 'Status',
      status: 'Success',
      details: { group: 'apps', kind: 'deployments', name: 'web' },
    })
    expect((await target.raw('GET', pathOf('deployments', namespace, 'web'))).code).toBe(404)
    for (const plural of ['replicasets', 'pods'] as const) {
      const { items } = await target.get<{ items: KubeObject[] }>(plural, namespace)
      for (const { metadata } of items) await untilGone(target, plural, namespace, metadata.name)
    }
  }),
)

test.concurrent('Foreground keeps the owner until its dependents are gone', () =>
  inNamespace(target, async namespace => {
    await deployed(namespace)
    const { body } = await target.raw<KubeObject>('DELETE', pathOf('deployments', namespace, 'web'), {
      body: { propagationPolicy: 'Foreground' },
    })
    expect([body.kind, body.metadata.finalizers]).toEqual(['Deployment', ['foregroundDeletion']])
    await untilGone(target, 'deployments', namespace, 'web')
    expect((await target.get<{ items: KubeObject[] }>('replicasets', namespace)).items).toEqual([])
    expect((await target.get<{ items: KubeObject[] }>('pods', namespace)).items).toEqual([])
  }),
)

test.concurrent('Orphan leaves the dependents, without their owner', () =>
  inNamespace(target, async namespace => {
    await deployed(namespace)
    const [set] = (await target.get<{ items: ReplicaSet[] }>('replicasets', namespace)).items
    await target.remove('deployments', namespace, 'web', { propagationPolicy: 'Orphan' })
    await untilGone(target, 'deployments', namespace, 'web')
    const left = await untilOne<ReplicaSet, ReplicaSet>(
      target,
      'replicasets',
      namespace,
      set?.metadata.name ?? '',
      item => item.metadata.ownerReferences === undefined && item,
      'no owner',
    )
    expect(left.metadata.deletionTimestamp).toBeUndefined()
    expect((await target.get<{ items: KubeObject[] }>('pods', namespace)).items.length).toBe(1)
  }),
)

test.concurrent('an object whose only owner never was is collected', () =>
  inNamespace(target, async namespace => {
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: '00000000-0000-4000-8000-000000000000' },
    ]
    await target.create('configmaps', namespace, configMap({ ownerReferences }))
    await untilGone(target, 'configmaps', namespace, 'a')
  }),
)

test.concurrent('deletecollection deletes what the selector matches, and answers with a list', () =>
  inNamespace(target, async namespace => {
    for (const name of ['x', 'y', 'z'])
      await target.create('configmaps', namespace, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, labels: { last: String(name === 'z') } },
      })
    const { code, body } = await target.raw<{ kind: string; items: KubeObject[] }>(
      'DELETE',
      `${pathOf('configmaps', namespace)}?labelSelector=last%3Dfalse`,
    )
    expect([code, body.kind, body.items.map(({ metadata }) => metadata.name)]).toEqual([
      200,
      'ConfigMapList',
      ['x', 'y'],
    ])
    const left = await target.get<{ items: KubeObject[] }>('configmaps', namespace)
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['kube-root-ca.crt', 'z'])
  }),
)

test.concurrent(
  'a new namespace has a default service account and a place for the cluster’s certificate',
  () =>
    inNamespace(target, async namespace => {
      await untilOne<KubeObject & { data: Record<string, string> }, boolean>(
        target,
        'configmaps',
        namespace,
        'kube-root-ca.crt',
        // What stands in it is the cluster's own affair: one that serves plain HTTP has no certificate.
        item => item.data['ca.crt'] !== undefined,
        'a certificate',
      )
      const { body } = await target.raw<KubeObject & { spec: unknown; status: unknown }>(
        'GET',
        `/api/v1/namespaces/${namespace}`,
      )
      expect(body).toMatchObject({
        metadata: { labels: { 'kubernetes.io/metadata.name': namespace } },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      })
    }),
)

test.concurrent('a namespace takes its objects with it, and takes no new ones meanwhile', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, configMap({ finalizers: ['example.com/mine'] }))
    await target.create('pods', namespace, pod('a', shell(), { schedulerName: 'nobody' }))
    const namespaces = watchPath(target, '/api/v1/namespaces')
    const deleted = await target.raw<KubeObject & { status: unknown }>(
      'DELETE',
      `/api/v1/namespaces/${namespace}`,
    )
    expect([deleted.code, deleted.body.kind, deleted.body.status]).toEqual([
      200,
      'Namespace',
      { phase: 'Terminating' },
    ])
    const refused = await target.raw('POST', pathOf('configmaps', namespace), {
      body: { ...configMap(), metadata: { name: 'late' } },
    })
    expect([refused.code, refused.body.reason, refused.body.details?.causes?.[0]?.reason]).toEqual([
      403,
      'Forbidden',
      'NamespaceTerminating',
    ])
    expect(refused.body.message).toBe(
      `configmaps "late" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    )
    await untilGone(target, 'pods', namespace, 'a')
    expect((await target.raw('GET', `/api/v1/namespaces/${namespace}`)).code).toBe(200)
    await target.patch('configmaps', namespace, 'a', { metadata: { finalizers: null } })
    await namespaces.until(
      ({ seen }) => seen.some(({ type, object }) => type === 'DELETED' && object.metadata.name === namespace),
      'the namespace gone',
    )
    namespaces.stop()
  }),
)
