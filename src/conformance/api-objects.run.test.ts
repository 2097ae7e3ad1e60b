/** Conformance: creating, reading and changing objects, on any cluster. */
import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node'
import { afterAll, expect, test } from 'vitest'
import type { Deployment, KubeObject, ReplicaSet } from '../kube/types.ts'
import { inNamespace } from './testing/namespace.ts'
import { budget, workload } from './testing/objects.ts'
import { pathOf } from './testing/paths.ts'
import { applyPatch, jsonPatch, mergePatch, openTarget, strategicPatch } from './testing/target.ts'
import { untilOne } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

type ConfigMap = KubeObject & { data?: Record<string, string>; immutable?: boolean }
const configMap = (name: string, data: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})

test.concurrent('what was created by the typed client is read with uid, version, time and generation', () =>
  inNamespace(target, async namespace => {
    const created = await target.apps.createNamespacedDeployment({
      namespace,
      body: workload({ replicas: 0 }),
    })
    const read = await target.apps.readNamespacedDeployment({ namespace, name: 'web' })
    expect(read.metadata?.uid).toBe(created.metadata?.uid)
    expect(read.metadata?.uid).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(read.metadata?.generation).toBe(1)
    expect(read.metadata?.resourceVersion).toMatch(/^\d+$/)
    expect(read.metadata?.creationTimestamp).toBeInstanceOf(Date)
  }),
)

test.concurrent('a Deployment is stored with its defaults', () =>
  inNamespace(target, async namespace => {
    const { spec } = await target.create<Deployment>('deployments', namespace, workload({ replicas: 0 }))
    expect(spec).toMatchObject({
      replicas: 0,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        spec: {
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              imagePullPolicy: 'IfNotPresent',
              resources: {},
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
            },
          ],
        },
      },
    })
  }),
)

test.concurrent(
  'a pod is stored with its defaults and tolerations, and gets a service account token volume',
  () =>
    inNamespace(target, async namespace => {
      const pod = await target.create<KubeObject>('pods', namespace, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'a' },
        spec: { containers: [{ name: 'c', image: 'none/none:1' }], schedulerName: 'nobody' },
      })
      expect(pod).toMatchObject({
        spec: {
          enableServiceLinks: true,
          preemptionPolicy: 'PreemptLowerPriority',
          priority: 0,
          serviceAccount: 'default',
          serviceAccountName: 'default',
          tolerations: [
            {
              key: 'node.kubernetes.io/not-ready',
              operator: 'Exists',
              effect: 'NoExecute',
              tolerationSeconds: 300,
            },
            {
              key: 'node.kubernetes.io/unreachable',
              operator: 'Exists',
              effect: 'NoExecute',
              tolerationSeconds: 300,
            },
          ],
          volumes: [{ name: expect.stringMatching(/^kube-api-access-/) as string, projected: {} }],
          containers: [
            {
              volumeMounts: [{ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }],
            },
          ],
        },
        status: { phase: 'Pending', qosClass: 'BestEffort' },
      })
    }),
)

test.concurrent('a second object of the same name is refused as AlreadyExists', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, configMap('a'))
    const { code, body } = await target.raw('POST', pathOf('configmaps', namespace), { body: configMap('a') })
    expect(code).toBe(409)
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'configmaps "a" already exists',
      reason: 'AlreadyExists',
      details: { name: 'a', kind: 'configmaps' },
      code: 409,
    })
  }),
)

test.concurrent('generateName gives a name with five random characters', () =>
  inNamespace(target, async namespace => {
    const object = { ...configMap(''), metadata: { generateName: 'some-' } }
    const { metadata } = await target.create<ConfigMap>('configmaps', namespace, object)
    expect(metadata.name).toMatch(/^some-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(metadata.generateName).toBe('some-')
  }),
)

test.concurrent('an update with a stale version is refused as Conflict, and one without any is taken', () =>
  inNamespace(target, async namespace => {
    const old = await target.create<ConfigMap>('configmaps', namespace, configMap('a', { k: '1' }))
    await target.patch('configmaps', namespace, 'a', { data: { k: '2' } })
    const path = pathOf('configmaps', namespace, 'a')
    const stale = await target.raw('PUT', path, { body: { ...old, data: { k: '3' } } })
    expect(stale.code).toBe(409)
    expect(stale.body).toMatchObject({
      reason: 'Conflict',
      details: { name: 'a', kind: 'configmaps' },
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    })
    const fresh = await target.raw<ConfigMap>('PUT', path, { body: configMap('a', { k: '4' }) })
    expect([fresh.code, fresh.body.data]).toEqual([200, { k: '4' }])
    const patched = await target.raw('PATCH', path, {
      body: { metadata: { resourceVersion: old.metadata.resourceVersion }, data: { k: '5' } },
      contentType: mergePatch,
    })
    expect([patched.code, patched.body.reason]).toEqual([409, 'Conflict'])
  }),
)

test.concurrent('an update that changes nothing keeps the resource version', () =>
  inNamespace(target, async namespace => {
    const before = await target.create<ConfigMap>('configmaps', namespace, configMap('a', { k: '1' }))
    const after = await target.patch<ConfigMap>('configmaps', namespace, 'a', { data: { k: '1' } })
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion)
  }),
)

test.concurrent('generation follows the spec alone', () =>
  inNamespace(target, async namespace => {
    await target.create('poddisruptionbudgets', namespace, budget({ minAvailable: 1 }))
    const generation = async (patch: object): Promise<number | undefined> =>
      (await target.patch<KubeObject>('poddisruptionbudgets', namespace, 'web', patch)).metadata.generation
    expect(await generation({ metadata: { labels: { a: 'b' } } })).toBe(1)
    expect(await generation({ spec: { minAvailable: 2 } })).toBe(2)
  }),
)

test.concurrent('a JSON patch tests, adds and removes, and a failed test is refused', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, configMap('a', { k: '1' }))
    const patch = [
      { op: 'test', path: '/data/k', value: '1' },
      { op: 'add', path: '/data/l', value: '2' },
      { op: 'remove', path: '/data/k' },
    ]
    const { data } = await target.patch<ConfigMap>('configmaps', namespace, 'a', patch, jsonPatch)
    expect(data).toEqual({ l: '2' })
    const path = pathOf('configmaps', namespace, 'a')
    const again = await target.raw('PATCH', path, { body: patch, contentType: jsonPatch })
    expect([again.code, again.body.reason]).toEqual([422, 'Invalid'])
  }),
)

test.concurrent('a merge patch removes by null and replaces lists', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, configMap('a', { k: '1', l: '2' }))
    const patch = { metadata: { labels: { x: 'y' } }, data: { k: null, m: '3' } }
    const { data, metadata } = await target.patch<ConfigMap>('configmaps', namespace, 'a', patch)
    expect([data, metadata.labels]).toEqual([{ l: '2', m: '3' }, { x: 'y' }])
  }),
)

test.concurrent(
  'a strategic merge patch merges containers and their ports by key, and deletes by directive',
  () =>
    inNamespace(target, async namespace => {
      await target.create('deployments', namespace, workload({ replicas: 0 }))
      const add = {
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'd', image: 'x' },
                { name: 'c', env: [{ name: 'A', value: '1' }] },
              ],
            },
          },
        },
      }
      const options = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch)
      const added = await target.apps.patchNamespacedDeployment(
        { namespace, name: 'web', body: add },
        options,
      )
      const containers = added.spec?.template.spec?.containers ?? []
      expect(containers.map(({ name }) => name).sort()).toEqual(['c', 'd'])
      expect(containers.find(({ name }) => name === 'c')?.command?.[0]).toBe('sh')
      const drop = { spec: { template: { spec: { containers: [{ name: 'd', $patch: 'delete' }] } } } }
      const { spec } = await target.patch<Deployment>('deployments', namespace, 'web', drop, strategicPatch)
      expect(spec.template.spec.containers.map(({ name }) => name)).toEqual(['c'])
    }),
)

test.concurrent('a patch of an unknown content type is refused as UnsupportedMediaType', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, configMap('a'))
    const { code, body } = await target.raw('PATCH', pathOf('configmaps', namespace, 'a'), {
      body: {},
      contentType: 'application/json',
    })
    expect([code, body.reason]).toEqual([415, 'UnsupportedMediaType'])
  }),
)

test.concurrent('server-side apply creates, owns its fields, and meets a conflict that force resolves', () =>
  inNamespace(target, async namespace => {
    const path = (manager: string, more = ''): string =>
      `${pathOf('configmaps', namespace, 'a')}?fieldManager=${manager}${more}`
    const apply = (manager: string, data: Record<string, string>, more?: string) =>
      target.raw<ConfigMap & { message?: string; details?: unknown }>('PATCH', path(manager, more), {
        body: configMap('a', data),
        contentType: applyPatch,
      })
    expect((await apply('one', { k: '1', l: '1' })).code).toBe(201)
    const conflict = await apply('two', { k: '2' })
    expect(conflict.code).toBe(409)
    expect(conflict.body).toMatchObject({
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .data.k',
      details: {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.k' }],
      },
    })
    const forced = await apply('two', { k: '2' }, '&force=true')
    expect([forced.code, forced.body.data]).toEqual([200, { k: '2', l: '1' }])
    // What a manager no longer applies, and nobody else owns, goes.
    const less = await apply('one', {})
    expect(less.body.data).toEqual({ k: '2' })
  }),
)

test.concurrent('server-side apply without a field manager is refused', () =>
  inNamespace(target, async namespace => {
    const { code, body } = await target.raw('PATCH', pathOf('configmaps', namespace, 'a'), {
      body: configMap('a'),
      contentType: applyPatch,
    })
    expect([code, body.reason, body.details?.causes?.[0]?.field]).toEqual([422, 'Invalid', 'fieldManager'])
  }),
)

test.concurrent('managedFields tell who owns what, by operation', () =>
  inNamespace(target, async namespace => {
    const created = await target.raw<ConfigMap>(
      'POST',
      `${pathOf('configmaps', namespace)}?fieldManager=maker`,
      {
        body: configMap('a', { k: '1' }),
      },
    )
    expect(created.body.metadata.managedFields).toMatchObject([
      {
        manager: 'maker',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:k': {} } },
      },
    ])
    const applied = await target.raw<ConfigMap>(
      'PATCH',
      `${pathOf('configmaps', namespace, 'a')}?fieldManager=applier`,
      { body: configMap('a', { l: '2' }), contentType: applyPatch },
    )
    expect(applied.body.metadata.managedFields).toMatchObject([
      { manager: 'applier', operation: 'Apply', fieldsV1: { 'f:data': { 'f:l': {} } } },
      { manager: 'maker', operation: 'Update' },
    ])
  }),
)

test.concurrent('a dry run answers as if, and stores nothing', () =>
  inNamespace(target, async namespace => {
    const { code, body } = await target.raw<ConfigMap>(
      'POST',
      `${pathOf('configmaps', namespace)}?dryRun=All`,
      {
        body: configMap('a'),
      },
    )
    expect([code, body.metadata.name, body.metadata.resourceVersion]).toEqual([201, 'a', undefined])
    expect(body.metadata.uid).toBeDefined()
    expect((await target.raw('GET', pathOf('configmaps', namespace, 'a'))).code).toBe(404)
    const wrong = await target.raw('POST', `${pathOf('configmaps', namespace)}?dryRun=some`, {
      body: configMap('a'),
    })
    expect([wrong.code, wrong.body.reason]).toEqual([422, 'Invalid'])
  }),
)

test.concurrent('the status subresource keeps the spec, and the object itself keeps the status', () =>
  inNamespace(target, async namespace => {
    await target.create('replicasets', namespace, workload({ replicas: 0 }, { kind: 'ReplicaSet' }))
    // Its controller must have written its own status first, or that write would take ours along.
    const isSeen = ({ status }: ReplicaSet): boolean => status?.observedGeneration === 1
    await untilOne<ReplicaSet, boolean>(target, 'replicasets', namespace, 'web', isSeen, 'observed')
    const conditions = [{ type: 'Tried', status: 'True' }]
    const both = { spec: { replicas: 7 }, status: { replicas: 0, conditions } }
    const status = await target.patch<ReplicaSet>('replicasets', namespace, 'web/status', both)
    expect([status.spec.replicas, status.status?.conditions?.[0]?.type]).toEqual([0, 'Tried'])
    const other = { status: { conditions: [{ type: 'Other', status: 'True' }] } }
    const whole = await target.patch<ReplicaSet>('replicasets', namespace, 'web', other)
    expect(whole.status?.conditions?.[0]?.type).toBe('Tried')
  }),
)

test.concurrent('the scale subresource reads and writes replicas', () =>
  inNamespace(target, async namespace => {
    await target.create('deployments', namespace, workload({ replicas: 0, paused: true }))
    const scale = await target.get('deployments', namespace, 'web/scale')
    expect(scale).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'web', namespace },
      spec: {},
      status: { replicas: 0, selector: 'app=web' },
    })
    const patched = await target.patch<KubeObject>('deployments', namespace, 'web/scale', {
      spec: { replicas: 2 },
    })
    expect(patched).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } })
    expect((await target.get<Deployment>('deployments', namespace, 'web')).spec.replicas).toBe(2)
  }),
)

test.concurrent('a ConfigMap that is immutable stays as it is', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, { ...configMap('a', { k: '1' }), immutable: true })
    const { code, body } = await target.raw('PATCH', pathOf('configmaps', namespace, 'a'), {
      body: { data: { k: '2' } },
      contentType: mergePatch,
    })
    expect([code, body.reason, body.details?.causes?.[0]?.field]).toEqual([422, 'Invalid', 'data'])
  }),
)
