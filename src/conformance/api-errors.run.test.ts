/** Conformance: what an API server answers to what it cannot do, and what it says that it can. */
import { afterAll, expect, test } from 'vitest'
import type { KubeObject } from '../kube/types.ts'
import { inNamespace } from './testing/namespace.ts'
import { budget, gated, newTemplate, pod, service, shell, workload } from './testing/objects.ts'
import { pathOf, type Plural } from './testing/paths.ts'
import { mergePatch, openTarget, strategicPatch } from './testing/target.ts'

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
  'a resource that nobody serves is NotFound, and an unknown version’s discovery a plain 404',
  async () => {
    for (const path of [
      '/api/v1/namespaces/default/gizmos',
      '/apis/apps/v9/deployments',
      '/apis/nobody.example/v1/a',
    ]) {
      const { code, body } = await target.raw('GET', path)
      expect([path, code, body.reason, body.message, body.details]).toEqual([
        path,
        404,
        'NotFound',
        'the server could not find the requested resource',
        {},
      ])
    }
    for (const path of ['/apis/apps/v9', '/apis/nobody.example/v1']) {
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

const rolling = (maxSurge: number | string, maxUnavailable: number | string): object =>
  workload({ replicas: 1, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } })

/** What is wrong, where it is sent, and the causes that come back: reason and field of each. */
const invalid: [string, Plural, object, [string, string][]][] = [
  [
    'a selector that misses its template',
    'deployments',
    workload({ selector: { matchLabels: { app: 'other' } } }),
    [['FieldValueInvalid', 'spec.template.metadata.labels']],
  ],
  [
    'a Deployment without selector',
    'deployments',
    workload({ selector: undefined }),
    [
      ['FieldValueRequired', 'spec.selector'],
      ['FieldValueInvalid', 'spec.template.metadata.labels'],
    ],
  ],
  [
    'maxSurge and maxUnavailable both 0',
    'deployments',
    rolling(0, 0),
    [['FieldValueInvalid', 'spec.strategy.rollingUpdate.maxUnavailable']],
  ],
  [
    'maxUnavailable above 100 %',
    'deployments',
    rolling(1, '101%'),
    [['FieldValueInvalid', 'spec.strategy.rollingUpdate.maxUnavailable']],
  ],
  [
    'Recreate with rolling parameters',
    'deployments',
    workload({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
    [['FieldValueForbidden', 'spec.strategy.rollingUpdate']],
  ],
  ['negative replicas', 'deployments', workload({ replicas: -1 }), [['FieldValueInvalid', 'spec.replicas']]],
  [
    'a deadline not above minReadySeconds',
    'deployments',
    workload({ minReadySeconds: 10, progressDeadlineSeconds: 10 }),
    [['FieldValueInvalid', 'spec.progressDeadlineSeconds']],
  ],
  [
    'a name that is no DNS name',
    'deployments',
    workload({}, { name: 'Web_1' }),
    [['FieldValueInvalid', 'metadata.name']],
  ],
  [
    'a pod without containers',
    'pods',
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [] } },
    [['FieldValueRequired', 'spec.containers']],
  ],
  [
    'two containers of one name',
    'pods',
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [shell(), shell()] } },
    [['FieldValueDuplicate', 'spec.containers[1].name']],
  ],
  [
    'a container without image',
    'pods',
    pod('a', { name: 'c', image: '' }),
    [['FieldValueRequired', 'spec.containers[0].image']],
  ],
  [
    'a port out of range',
    'pods',
    pod('a', shell('', { ports: [{ containerPort: 70_000 }] })),
    [['FieldValueInvalid', 'spec.containers[0].ports[0].containerPort']],
  ],
  [
    'a preStop sleep longer than grace',
    'pods',
    pod('a', shell('', { lifecycle: { preStop: { sleep: { seconds: 31 } } } })),
    [['FieldValueInvalid', 'spec.containers[0].lifecycle.preStop.sleep']],
  ],
  [
    'a liveness probe that must succeed twice',
    'pods',
    pod('a', shell('', { livenessProbe: { exec: { command: ['true'] }, successThreshold: 2 } })),
    [['FieldValueInvalid', 'spec.containers[0].livenessProbe.successThreshold']],
  ],
  [
    'a readiness probe with a grace of its own',
    'pods',
    pod(
      'a',
      shell('', { readinessProbe: { exec: { command: ['true'] }, terminationGracePeriodSeconds: 3 } }),
    ),
    [['FieldValueInvalid', 'spec.containers[0].readinessProbe.terminationGracePeriodSeconds']],
  ],
  [
    'a probe with two handlers',
    'pods',
    pod('a', shell('', { readinessProbe: { exec: { command: ['true'] }, tcpSocket: { port: 1 } } })),
    [['FieldValueForbidden', 'spec.containers[0].readinessProbe.tcpSocket']],
  ],
  [
    'an environment variable with value and source',
    'pods',
    pod(
      'a',
      shell('', {
        env: [{ name: 'A', value: 'b', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      }),
    ),
    [['FieldValueInvalid', 'spec.containers[0].env[0].valueFrom']],
  ],
  [
    'a request above its limit',
    'pods',
    pod('a', shell('', { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } })),
    [['FieldValueInvalid', 'spec.containers[0].resources.requests']],
  ],
  [
    'an unknown restart policy',
    'pods',
    pod('a', shell(), { restartPolicy: 'Sometimes' as never }),
    [['FieldValueNotSupported', 'spec.restartPolicy']],
  ],
  ['a Service without ports', 'services', service({ ports: [] }), [['FieldValueRequired', 'spec.ports']]],
  [
    'two unnamed ports',
    'services',
    service({ ports: [{ port: 1 }, { port: 2 }] }),
    [
      ['FieldValueRequired', 'spec.ports[0].name'],
      ['FieldValueRequired', 'spec.ports[1].name'],
    ],
  ],
  [
    'a budget with both limits',
    'poddisruptionbudgets',
    budget({ minAvailable: 1, maxUnavailable: 1 }),
    [['FieldValueInvalid', 'spec']],
  ],
  [
    'a budget below 0',
    'poddisruptionbudgets',
    budget({ minAvailable: -1 }),
    [['FieldValueInvalid', 'spec.minAvailable']],
  ],
  [
    'a label that is none',
    'configmaps',
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { a: 'b c' } } },
    [['FieldValueInvalid', 'metadata.labels']],
  ],
  [
    'a key that is no file name',
    'configmaps',
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { 'a/b': '' } },
    [['FieldValueInvalid', 'data[a/b]']],
  ],
]

test.concurrent.each(invalid)('%s is Invalid, with its field', (_what, plural, object, causes) =>
  inNamespace(target, async namespace => {
    const { code, body } = await target.raw('POST', pathOf(plural, namespace), { body: object })
    expect([code, body.reason]).toEqual([422, 'Invalid'])
    const found = (body.details?.causes ?? []).map(({ reason, field }) => [reason, field])
    expect(found).toEqual(causes)
  }),
)

test.concurrent('what may not change is refused: a selector, a pod’s container, a cluster IP', () =>
  inNamespace(target, async namespace => {
    await target.create('deployments', namespace, workload({ replicas: 0 }))
    await target.create('pods', namespace, pod('a', shell(), { schedulerName: 'nobody' }))
    await target.create('services', namespace, service())
    const refused = async (plural: Plural, name: string, body: object): Promise<unknown[]> => {
      const answer = await target.raw('PATCH', pathOf(plural, namespace, name), {
        body,
        contentType: mergePatch,
      })
      return [answer.code, answer.body.reason, answer.body.details?.causes?.map(({ field }) => field)]
    }
    const selector = {
      spec: { selector: { matchLabels: { app: 'x' } }, template: { metadata: { labels: { app: 'x' } } } },
    }
    expect(await refused('deployments', 'web', selector)).toEqual([422, 'Invalid', ['spec.selector']])
    expect(await refused('pods', 'a', { spec: { restartPolicy: 'Never' } })).toEqual([
      422,
      'Invalid',
      ['spec'],
    ])
    expect(await refused('services', 'web', { spec: { clusterIP: '10.96.1.1' } })).toEqual([
      422,
      'Invalid',
      ['spec.clusterIPs[0]'],
    ])
    await target.patch('deployments', namespace, 'web', newTemplate('2'))
    const image = { spec: { containers: [{ name: 'c', image: 'other:1' }] } }
    await target.patch('pods', namespace, 'a', image, strategicPatch)
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
      'events.k8s.io',
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
