import { describe, expect, it } from 'vitest'
import { ApiError } from '../../cluster-api.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { applyConfiguration } from './apply.ts'
import { patched } from './patch.ts'

const template = (containers: Json[]): JsonObject => ({ spec: { template: { spec: { containers } } } })
const strategic = (target: Json, patch: Json): Json => patched('strategic', 'deployments', target, patch)

describe('strategic merge patch', () => {
  it('merges containers by name, their ports by number and their environment by name', () => {
    const target = template([
      {
        name: 'app',
        image: 'app:1',
        ports: [{ containerPort: 80, name: 'http' }],
        env: [{ name: 'A', value: '1' }],
      },
      { name: 'side', image: 'side:1' },
    ])
    const patch = template([
      { name: 'app', image: 'app:2', ports: [{ containerPort: 81 }], env: [{ name: 'A', value: '2' }] },
    ])
    expect(strategic(target, patch)).toEqual(
      template([
        {
          name: 'app',
          image: 'app:2',
          ports: [{ containerPort: 80, name: 'http' }, { containerPort: 81 }],
          env: [{ name: 'A', value: '2' }],
        },
        { name: 'side', image: 'side:1' },
      ]),
    )
  })

  it('obeys the directives for deletion, replacement, retained keys and order', () => {
    expect(
      strategic(template([{ name: 'a' }, { name: 'b' }]), template([{ name: 'a', $patch: 'delete' }])),
    ).toEqual(template([{ name: 'b' }]))
    const strategy = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } }
    const recreate = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }
    expect(strategic(strategy, recreate)).toEqual({ spec: { strategy: { type: 'Recreate' } } })
    const ordered = {
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }],
            containers: [{ name: 'c', image: 'c:1' }],
          },
        },
      },
    }
    expect(strategic(template([{ name: 'a' }, { name: 'own' }]), ordered)).toEqual(
      template([{ name: 'c', image: 'c:1' }, { name: 'a' }, { name: 'own' }]),
    )
  })

  it('replaces tolerations whole, merges finalizers as a set, and deletes by null', () => {
    const target = { metadata: { finalizers: ['a'] }, spec: { tolerations: [{ key: 'x' }], paused: true } }
    const patch = { metadata: { finalizers: ['b'] }, spec: { tolerations: [{ key: 'y' }], paused: null } }
    expect(strategic(target, patch)).toEqual({
      metadata: { finalizers: ['a', 'b'] },
      spec: { tolerations: [{ key: 'y' }] },
    })
    expect(strategic(target, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } })).toMatchObject({
      metadata: { finalizers: [] },
    })
  })
})

describe('JSON patch', () => {
  it('adds, replaces, removes, moves and tests by pointer', () => {
    const target = { metadata: { annotations: { 'a/b': '1' } }, list: [1, 2, 3] }
    const next = patched('json', 'pods', target, [
      { op: 'test', path: '/metadata/annotations/a~1b', value: '1' },
      { op: 'replace', path: '/list/1', value: 9 },
      { op: 'add', path: '/list/-', value: 4 },
      { op: 'remove', path: '/list/0' },
      { op: 'move', from: '/metadata/annotations/a~1b', path: '/moved' },
    ])
    expect(next).toEqual({ metadata: { annotations: {} }, list: [9, 3, 4], moved: '1' })
    expect(target.list).toEqual([1, 2, 3])
  })

  it('fails as a whole when a test fails or a path leads nowhere', () => {
    for (const step of [
      { op: 'test', path: '/a', value: 2 },
      { op: 'replace', path: '/nothing', value: 1 },
      { op: 'add', path: '/__proto__', value: 1 },
    ])
      expect(() => patched('json', 'pods', { a: 1 }, [step])).toThrow(ApiError)
  })
})

it('merges by RFC 7386', () => {
  expect(
    patched('merge', 'pods', { a: { b: 1, c: 2 }, d: [1] }, { a: { b: null }, d: [2], e: { f: null } }),
  ).toEqual({
    a: { c: 2 },
    d: [2],
    e: {},
  })
})

describe('server-side apply', () => {
  const options = {
    manager: 'one',
    apiVersion: 'apps/v1',
    subresource: '',
    ignored: ['status'],
    force: false,
    time: '2026-01-01T00:00:00Z',
  }
  const config = (env: Json[]): JsonObject => ({ apiVersion: 'apps/v1', ...template([{ name: 'app', env }]) })

  it('takes out what the manager applied before and no longer does, and leaves what others set', () => {
    const first = applyConfiguration(
      'deployments',
      null,
      config([{ name: 'A', value: '1' }, { name: 'B' }]),
      options,
    )
    const touched = strategic(first, template([{ name: 'app', image: 'app:1' }])) as JsonObject
    const second = applyConfiguration('deployments', touched, config([{ name: 'A', value: '1' }]), options)
    expect(second).toMatchObject(
      template([{ name: 'app', image: 'app:1', env: [{ name: 'A', value: '1' }] }]),
    )
    expect(second['spec']).toEqual(
      template([{ name: 'app', image: 'app:1', env: [{ name: 'A', value: '1' }] }])['spec'],
    )
  })

  it("refuses another manager's value unless forced", () => {
    const first = applyConfiguration('deployments', null, config([{ name: 'A', value: '1' }]), options)
    const other = { ...options, manager: 'two' }
    const change = config([{ name: 'A', value: '2' }])
    expect(() => applyConfiguration('deployments', first, change, other)).toThrow('conflict with "one"')
    expect(applyConfiguration('deployments', first, change, { ...other, force: true })).toMatchObject(
      template([{ name: 'app', env: [{ name: 'A', value: '2' }] }]),
    )
  })
})
