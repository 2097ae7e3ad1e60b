import { describe, expect, it } from 'vitest'
import { ApiError } from '../../cluster-api.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { decodeBody } from './decode.ts'
import { parseJsonText, SyntaxProblem } from './json-text.ts'

const kind = { group: 'apps', version: 'v1', kind: 'Deployment' }
const inSpec = (spec: Json): JsonObject => ({ kind: 'Deployment', apiVersion: 'apps/v1', spec })
const inPod = (spec: Json): JsonObject => inSpec({ template: { spec } })
const inContainer = (fields: JsonObject): JsonObject => inPod({ containers: [{ name: 'c', ...fields }] })
const field = (path: string): string => `json: cannot unmarshal ${path}`
const quantity = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

function messageOf(body: Json): string {
  try {
    decodeBody(kind, body)
  } catch (error) {
    if (error instanceof ApiError) return error.status.message ?? ''
    throw error
  }
  return ''
}

/** All of these were seen from a kube-apiserver v1.34.4. */
const seen: [body: Json, why: string][] = [
  [
    inSpec({ replicas: '3' }),
    field('string into Go struct field DeploymentSpec.spec.replicas of type int32'),
  ],
  [
    inSpec({ replicas: 1.5 }),
    field('number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32'),
  ],
  [
    inSpec({ replicas: 3_000_000_000 }),
    field('number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32'),
  ],
  [inSpec('x'), field('string into Go struct field Deployment.spec of type v1.DeploymentSpec')],
  [inSpec([]), field('array into Go struct field Deployment.spec of type v1.DeploymentSpec')],
  [
    inSpec({ template: 5 }),
    field('number into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec'),
  ],
  [
    inPod({ containers: {} }),
    field('object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container'),
  ],
  [
    inPod({ containers: ['x'] }),
    field('string into Go struct field PodSpec.spec.template.spec.containers of type v1.Container'),
  ],
  [
    inContainer({ ports: [{ containerPort: '80' }] }),
    field(
      'string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32',
    ),
  ],
  [
    inPod({ restartPolicy: 5 }),
    field('number into Go struct field PodSpec.spec.template.spec.restartPolicy of type v1.RestartPolicy'),
  ],
  [
    inPod({ volumes: [{ name: 'v', emptyDir: 'x' }] }),
    field(
      'string into Go struct field Volume.spec.template.spec.volumes.emptyDir of type v1.EmptyDirVolumeSource',
    ),
  ],
  [
    inContainer({ resources: { limits: 'x' } }),
    field(
      'string into Go struct field ResourceRequirements.spec.template.spec.containers.resources.limits of type v1.ResourceList',
    ),
  ],
  [inContainer({ resources: { limits: { cpu: true } } }), quantity],
  [inContainer({ resources: { limits: { cpu: 'abc' } } }), quantity],
  [
    inSpec({ strategy: { rollingUpdate: { maxSurge: true } } }),
    field(
      'bool into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32',
    ),
  ],
  [
    inContainer({ livenessProbe: { httpGet: { port: {} } } }),
    field(
      'object into Go struct field HTTPGetAction.spec.template.spec.containers.livenessProbe.httpGet.port of type int32',
    ),
  ],
  [
    { metadata: { labels: { a: 1 } } },
    field('number into Go struct field ObjectMeta.metadata.labels of type string'),
  ],
  [
    { metadata: { labels: ['x'] } },
    field('array into Go struct field ObjectMeta.metadata.labels of type map[string]string'),
  ],
  [
    { metadata: { creationTimestamp: 5 } },
    field('number into Go struct field ObjectMeta.metadata.creationTimestamp of type string'),
  ],
  [
    { metadata: { creationTimestamp: 'yesterday' } },
    'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
  ],
  [
    inPod({ tolerations: [{ tolerationSeconds: 9e99 }] }),
    field(
      'number 9e+99 into Go struct field Toleration.spec.template.spec.tolerations.tolerationSeconds of type int64',
    ),
  ],
]

describe('a field of the wrong type', () => {
  it.each(seen)('in %j is told in the words of a real server', (body, why) => {
    expect(messageOf(body)).toBe(`Deployment in version "v1" cannot be handled as a Deployment: ${why}`)
  })

  it('is not found where nothing is wrong: numbers as quantities, null as absent, raw JSON', () => {
    const body = {
      metadata: { name: 'd', managedFields: [{ fieldsV1: { 'f:a': {} } }], labels: null },
      spec: { replicas: null, template: { spec: { containers: [{ resources: { limits: { cpu: 1.5 } } }] } } },
    }
    expect(decodeBody(kind, body).object).toEqual({
      metadata: { name: 'd', managedFields: [{ fieldsV1: { 'f:a': {} } }] },
      spec: { template: { spec: { containers: [{ resources: { limits: { cpu: '1.5' } } }] } } },
    })
  })
})

it('refuses another kind or version than the one of the URL', () => {
  const refused = (named: string, version: string, short: string): string =>
    `${named} in version "${short}" cannot be handled as a Deployment: no kind "${named}" is registered for version "${version}" in scheme "pkg/runtime/scheme.go:110"`
  expect(messageOf({ kind: 'Pod', apiVersion: 'apps/v1' })).toBe(refused('Pod', 'apps/v1', 'v1'))
  expect(messageOf({ kind: 'Deployment', apiVersion: 'v1' })).toBe(refused('Deployment', 'v1', 'v1'))
  expect(messageOf({ apiVersion: 'apps/v2' })).toBe(refused('Deployment', 'apps/v2', 'v2'))
})

it('drops unknown fields and tells them with keys that come twice, in the order of the text', () => {
  const text =
    '{"kind":"Deployment","metadata":{"name":"a","name":"b","zip":{}},' +
    '"spec":{"template":{"spec":{"containers":[{"imagee":"x"}]}},"foo":1},"bar":1,"Kind":"X"}'
  const { value, keys } = parseJsonText(text)
  const { object, problems } = decodeBody(kind, value, keys)
  expect(object).toEqual({
    kind: 'Deployment',
    metadata: { name: 'b' },
    spec: { template: { spec: { containers: [{}] } } },
  })
  expect(problems).toEqual([
    'duplicate field "metadata.name"',
    'unknown field "metadata.zip"',
    'unknown field "spec.template.spec.containers[0].imagee"',
    'unknown field "spec.foo"',
    'unknown field "bar"',
    'unknown field "Kind"',
  ])
})

it.each([
  ['{"kind":', 'unexpected end of JSON input'],
  ['', 'unexpected end of JSON input'],
  ['{} x', "invalid character 'x' after top-level value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
])('says what is wrong with %j as Go does', (text, why) => {
  expect(() => parseJsonText(text)).toThrow(new SyntaxProblem(why))
})

it('reads as JSON.parse does', () => {
  const text = JSON.stringify(
    [{ a: [1, -2.5e3, 'ä"\\\n\u0001', true, false, null, {}, []], 'b c': '' }],
    null,
    2,
  )
  expect(parseJsonText(text).value).toEqual(JSON.parse(text))
})
