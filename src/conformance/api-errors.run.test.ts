/** Conformance: what an API server answers to what it cannot do, and what it says that it can. */
import { afterAll, expect, test } from 'vitest'
import type { KubeObject } from '../kube/types.ts'
import { inNamespace } from './testing/namespace.ts'
import { gated, pod, service, shell, workload } from './testing/objects.ts'
import { pathOf } from './testing/paths.ts'
import { openTarget } from './testing/target.ts'

const target = await openTarget()
afterAll(() => target.close())

test.concurrent('an object that is not there is NotFound, named with its resource and group', () =>
  inNamespace(target, async namespace => {
    expect(await target.raw('GET', pathOf('deployments', namespace, 'no'))).toMatchObject({
      code: 404,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'deployments.apps "no" not found',
        reason: 'NotFound',
        details: { name: 'no', group: 'apps', kind: 'deployments' },
        code: 404,
      },
    })
  }),
)

test.concurrent(
  'a resource that nobody serves is NotFound, and anything of an unknown group a plain 404',
  async () => {
    for (const path of ['/api/v1/namespaces/default/gizmos', '/apis/apps/v9', '/apis/apps/v9/deployments']) {
      const { code, body } = await target.raw('GET', path)
      expect([path, code, body.reason, body.message, body.details]).toEqual([
        path,
        404,
        'NotFound',
        'the server could not find the requested resource',
        {},
      ])
    }
    for (const path of ['/apis/nobody.example/v1', '/apis/nobody.example/v1/a']) {
      const { code, body } = await target.raw<unknown>('GET', path)
      expect([path, code, body]).toEqual([path, 404, '404 page not found\n'])
    }
  },
)

test.concurrent('a verb that a resource lacks is MethodNotAllowed', async () => {
  const { code, body } = await target.raw('PUT', '/api/v1/namespaces/default/pods', { body: {} })
  expect([code, body.reason, body.message]).toEqual([
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  ])
})

test.concurrent('an object of another kind than its place is refused as BadRequest', () =>
  inNamespace(target, async namespace => {
    const { code, body } = await target.raw('POST', pathOf('configmaps', namespace), { body: service() })
    expect([code, body.reason, body.message]).toEqual(
      [
        400,
        'BadRequest',
        'Service in version "v1" cannot be handled as a ConfigMap: converting (v1.Service).ObjectMeta to (v1.ConfigMap).ObjectMeta: unknown conversion',
      ].map((value, index) =>
        index === 2 ? (expect.stringContaining('cannot be handled as a ConfigMap') as string) : value,
      ),
    )
  }),
)

test.concurrent('a body that is no JSON, and one without a kind, are refused as BadRequest', () =>
  inNamespace(target, async namespace => {
    const broken = await target.raw('POST', pathOf('configmaps', namespace), { body: '{"a":' })
    expect([broken.code, broken.body.reason]).toEqual([400, 'BadRequest'])
    const path = pathOf('configmaps', namespace)
    const named = await target.raw<KubeObject>('POST', path, { body: { metadata: { name: 'a' } } })
    expect([named.code, named.body.kind]).toEqual([201, 'ConfigMap'])
  }),
)

test.concurrent('an object whose namespace is not that of the request is refused', () =>
  inNamespace(target, async namespace => {
    const { code, body } = await target.raw('POST', pathOf('configmaps', namespace), {
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'elsewhere' } },
    })
    expect([code, body.reason, body.message]).toEqual([
      400,
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    ])
  }),
)

test.concurrent('a namespace that is not there takes nothing', async () => {
  const { code, body } = await target.raw('POST', pathOf('configmaps', 'conf-nowhere'), {
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
  })
  expect([code, body.message]).toEqual([404, 'namespaces "conf-nowhere" not found'])
})

test.concurrent(
  'unknown and duplicate fields are refused when asked to be strict, and warned of by default',
  () =>
    inNamespace(target, async namespace => {
      const typo = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, dta: { k: '1' } }
      const path = pathOf('configmaps', namespace)
      const strict = await target.raw('POST', `${path}?fieldValidation=Strict`, { body: typo })
      expect([strict.code, strict.body.reason, strict.body.message]).toEqual([
        400,
        'BadRequest',
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"',
      ])
      const warned = await target.raw('POST', path, { body: typo })
      expect([warned.code, warned.headers.warning]).toEqual([201, '299 - "unknown field \\"dta\\""'])
    }),
)

test.concurrent('a value of the wrong type is refused with the field named', () =>
  inNamespace(target, async namespace => {
    const { code, body } = await target.raw('POST', pathOf('deployments', namespace), {
      body: workload({ replicas: 'three' }),
    })
    expect([code, body.reason]).toEqual([400, 'BadRequest'])
    expect(body.message).toBe(
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    )
  }),
)

test.concurrent('discovery lists the resources, with their verbs and subresources', async () => {
  interface ResourceList {
    groupVersion: string
    resources: {
      name: string
      kind: string
      namespaced: boolean
      verbs: string[]
      shortNames?: string[]
      categories?: string[]
    }[]
  }
  const full = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
  const core = (await target.raw<ResourceList>('GET', '/api/v1')).body
  const verbs = (list: ResourceList, name: string) =>
    [...(list.resources.find(item => item.name === name)?.verbs ?? [])].sort()
  expect(verbs(core, 'pods')).toEqual(full)
  expect(verbs(core, 'pods/eviction')).toEqual(['create'])
  expect(verbs(core, 'pods/status')).toEqual(['get', 'patch', 'update'])
  expect(verbs(core, 'pods/log')).toEqual(['get'])
  expect(verbs(core, 'pods/exec')).toEqual(['create', 'get'])
  expect(verbs(core, 'namespaces')).toEqual(full.filter(verb => verb !== 'deletecollection'))
  const apps = (await target.raw<ResourceList>('GET', '/apis/apps/v1')).body
  expect(apps.groupVersion).toBe('apps/v1')
  for (const name of ['deployments', 'replicasets', 'statefulsets', 'daemonsets', 'controllerrevisions'])
    expect([name, verbs(apps, name)]).toEqual([name, full])
  expect(verbs(apps, 'deployments/scale')).toEqual(['get', 'patch', 'update'])
  expect(apps.resources.find(({ name }) => name === 'deployments')).toMatchObject({
    kind: 'Deployment',
    namespaced: true,
    shortNames: ['deploy'],
    categories: ['all'],
  })
  const groups = (await target.raw<{ groups: { name: string }[] }>('GET', '/apis')).body.groups.map(
    ({ name }) => name,
  )
  expect(groups).toEqual(
    expect.arrayContaining([
      'apps',
      'policy',
      'discovery.k8s.io',
      'coordination.k8s.io',
      'batch',
      'autoscaling',
      'authorization.k8s.io',
    ]),
  )
})

test.concurrent('aggregated discovery is served to those who ask for it', async () => {
  const { headers, body } = await target.raw<{ kind: string; items: { metadata: { name?: string } }[] }>(
    'GET',
    '/apis',
    {
      accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    },
  )
  expect([headers['content-type'], body.kind]).toEqual([
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    'APIGroupDiscoveryList',
  ])
  expect(body.items.map(({ metadata }) => metadata.name)).toContain('apps')
})

test.concurrent('version and health are told', async () => {
  const { body } = await target.raw<{ major: string; minor: string; gitVersion: string }>('GET', '/version')
  expect(body).toMatchObject({
    major: '1',
    minor: expect.stringMatching(/^\d+/) as string,
    gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/) as string,
  })
  for (const path of ['/healthz', '/livez', '/readyz'])
    expect(await target.raw<unknown>('GET', path)).toMatchObject({ code: 200, body: 'ok' })
})

test.concurrent('a pod may not be created ready, gated or bound by its status', () =>
  inNamespace(target, async namespace => {
    const made = { ...pod('a', shell(), { ...gated, schedulerName: 'nobody' }), status: { phase: 'Running' } }
    const created = await target.create<KubeObject & { status: unknown }>('pods', namespace, made)
    expect(created.status).toMatchObject({ phase: 'Pending' })
  }),
)
