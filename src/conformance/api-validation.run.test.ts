/** Conformance: manifests that are refused, each with the field that is wrong. */
import { afterAll, expect, test } from 'vitest'
import { inNamespace } from './testing/namespace.ts'
import { budget, newTemplate, pod, service, shell, workload } from './testing/objects.ts'
import { pathOf, type Plural } from './testing/paths.ts'
import { mergePatch, openTarget, strategicPatch } from './testing/target.ts'

const target = await openTarget()
afterAll(() => target.close())

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
