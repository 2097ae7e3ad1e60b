import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Status } from '../../../kube/types.ts'
import type { RunningServer } from '../testing/running-server.ts'
import { runServer } from '../testing/running-server.ts'

let server: RunningServer
beforeEach(async () => {
  server = await runServer()
})
afterEach(() => server.close())

const configMaps = '/api/v1/namespaces/default/configmaps'
const json = '{"metadata":{"name":"c","name":"c"},"data":{"a":"1","a":"2"},"Data":{"b":"x"},"immutabel":true}'
const yaml = 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata: {a: x, a: y}\nfoo: 1\ndata: {z: t}'

function send(path: string, body: string, type: string, method = 'POST'): Promise<Response> {
  return server.request(path, { method, body, headers: { 'Content-Type': type } })
}

describe('fieldValidation, as a kube-apiserver v1.34.4 was seen to answer', () => {
  it.each(['', '?fieldValidation=Warn'])('warns of each field with %j, and drops it', async query => {
    const answer = await send(configMaps + query, json, 'application/json')
    expect([answer.status, await answer.json()]).toMatchObject([201, { data: { a: '2' } }])
    expect(answer.headers.get('Warning')).toBe(
      [
        '299 - "duplicate field \\"metadata.name\\""',
        '299 - "duplicate field \\"data.a\\""',
        '299 - "unknown field \\"Data\\""',
        '299 - "unknown field \\"immutabel\\""',
      ].join(', '),
    )
    const stored = (await (await server.request(`${configMaps}/c`)).json()) as object
    expect(Object.keys(stored)).not.toContain('immutabel')
  })

  it('refuses all of them at once when strict', async () => {
    const answer = await send(`${configMaps}?fieldValidation=Strict`, json, 'application/json')
    expect(await answer.json()).toMatchObject({
      code: 400,
      message:
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "metadata.name", ' +
        'duplicate field "data.a", unknown field "Data", unknown field "immutabel"',
    })
  })

  it('tells the lines of keys that come twice in YAML', async () => {
    const answer = await send(`${configMaps}?fieldValidation=Strict`, yaml, 'application/yaml')
    expect(((await answer.json()) as Status).message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n' +
        '  line 4: key "a" already set in map\n  line 6: key "data" already set in map, unknown field "foo"',
    )
  })

  it('says nothing when told to ignore', async () => {
    const answer = await send(`${configMaps}?fieldValidation=Ignore`, json, 'application/json')
    expect([answer.status, answer.headers.get('Warning')]).toEqual([201, null])
  })

  it('refuses another directive', async () => {
    const answer = await send(`${configMaps}?fieldValidation=Foo`, json, 'application/json')
    expect(((await answer.json()) as Status).message).toBe(
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"',
    )
  })

  it('looks at what a patch makes of the object', async () => {
    await send(configMaps, '{"metadata":{"name":"c"},"data":{"a":"1"}}', 'application/json')
    const patch = (query: string, type: string, body: string): Promise<Response> =>
      send(`${configMaps}/c${query}`, body, `application/${type}`, 'PATCH')
    const warned = await patch('', 'merge-patch+json', '{"foo":1}')
    expect([warned.status, warned.headers.get('Warning')]).toEqual([200, '299 - "unknown field \\"foo\\""'])
    const strict = await patch(
      '?fieldValidation=Strict',
      'strategic-merge-patch+json',
      '{"data":{"a":"1"},"foo":1}',
    )
    expect(await strict.json()).toMatchObject({
      code: 422,
      message:
        ' "" is invalid: patch: Invalid value: "map[data:map[a:1] foo:1]": strict decoding error: unknown field "foo"',
    })
    const applied = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"foo":1}'
    expect(await (await patch('?fieldManager=m', 'apply-patch+yaml', applied)).json()).toMatchObject({
      code: 500,
      message:
        'failed to create typed patch object (/c; /v1, Kind=ConfigMap): .foo: field not declared in schema',
    })
  })
})

it.each([
  ['k8s', 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (6b3873)'],
  ['k8s\0', 'empty body (6b387300)'],
  ['k8s\0garbage', 'proto: illegal wireType 7 (6b38730067617262616765)'],
])('refuses the protobuf body %j', async (body, why) => {
  const answer = await send(configMaps, body, 'application/vnd.kubernetes.protobuf')
  expect(((await answer.json()) as Status).message).toBe(
    `the object provided is unrecognized (must be of type ConfigMap): ${why}`,
  )
})

it('takes a protobuf body and answers in JSON', async () => {
  // The Namespace n, as Kubernetes's own serializer (k8s.io/apimachinery v0.34.4) writes it.
  const bytes = Buffer.from(
    'azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhkKEQoBbhIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==',
    'base64',
  )
  const answer = await fetch(`${server.url}/api/v1/namespaces`, {
    method: 'POST',
    body: bytes,
    headers: {
      Authorization: 'Bearer secret',
      'Content-Type': 'application/vnd.kubernetes.protobuf',
      Accept: 'application/vnd.kubernetes.protobuf,application/json',
    },
  })
  expect([answer.status, await answer.json()]).toMatchObject([
    201,
    { kind: 'Namespace', metadata: { name: 'n' } },
  ])
})

it('answers yes to whoever asks whether it may', async () => {
  const ask = (kind: string, spec: object): Promise<Response> =>
    send(`/apis/authorization.k8s.io/v1/${kind}`, JSON.stringify({ spec }), 'application/json')
  const attributes = { resourceAttributes: { verb: 'get', resource: 'pods' } }
  expect(await (await ask('selfsubjectaccessreviews', attributes)).json()).toMatchObject({
    kind: 'SelfSubjectAccessReview',
    spec: attributes,
    status: { allowed: true },
  })
  expect(((await (await ask('subjectaccessreviews', {})).json()) as Status).message).toBe(
    '.authorization.k8s.io "" is invalid: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or ' +
      'resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified]',
  )
  expect((await ask('selfsubjectrulesreviews', {})).status).toBe(400)
  expect((await server.request('/apis/authorization.k8s.io/v1/subjectaccessreviews')).status).toBe(405)
})

it('tells whoever asks that it is the administrator', async () => {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const answer = await send(path, '{}', 'application/json')
  expect([answer.status, await answer.json()]).toMatchObject([
    201,
    { kind: 'SelfSubjectReview', status: { userInfo: { username: 'kubernetes-admin' } } },
  ])
})
