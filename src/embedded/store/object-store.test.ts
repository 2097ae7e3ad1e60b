import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../kube/types.ts'
import type { Change } from './change-history.ts'
import { copyJson, sameJson, tidyCopy } from './json.ts'
import { createObjectStore } from './object-store.ts'

function configMap(name: string, value = '1'): KubeObject & { values: { value: string } } {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, values: { value } }
}

describe('object store', () => {
  it('counts one resourceVersion up over all resources', () => {
    const store = createObjectStore(100)
    const first = store.put('configmaps', configMap('a'))
    const second = store.put('secrets', { ...configMap('a'), kind: 'Secret' })
    const removed = store.remove('configmaps', 'default', 'a')
    expect([first, second, removed].map(object => object.metadata.resourceVersion)).toEqual(['1', '2', '3'])
    expect(first.metadata.resourceVersion).toBe('1')
    expect(store.revision()).toBe(3)
  })

  it('tells subscribers of one resource each change with the state before', () => {
    const store = createObjectStore(100)
    const seen: Change[] = []
    const stop = store.subscribe('configmaps', change => seen.push(change))
    store.put('configmaps', configMap('a', '1'))
    store.put('secrets', configMap('other'))
    store.put('configmaps', configMap('a', '2'))
    store.remove('configmaps', 'default', 'a')
    stop()
    store.put('configmaps', configMap('b'))
    expect(seen.map(change => [change.type, change.revision])).toEqual([
      ['ADDED', 1],
      ['MODIFIED', 3],
      ['DELETED', 4],
    ])
    expect(seen[1]?.previous?.metadata.resourceVersion).toBe('1')
    expect(seen[2]?.object.metadata.resourceVersion).toBe('4')
  })

  it('answers changes since an old revision, and null once they are compacted', () => {
    const store = createObjectStore(10)
    for (let turn = 0; turn < 5; turn++) store.put('configmaps', configMap('a', String(turn)))
    expect(store.changesSince('configmaps', 2)?.map(change => change.revision)).toEqual([3, 4, 5])
    for (let turn = 5; turn < 30; turn++) store.put('configmaps', configMap('a', String(turn)))
    expect(store.changesSince('configmaps', 2)).toBeNull()
    const oldest = store.oldestRevision()
    expect(store.changesSince('configmaps', oldest)?.map(change => change.revision)[0]).toBe(oldest + 1)
    expect(store.changesSince('configmaps', 30)).toEqual([])
  })

  it('freezes what it holds, so that no reader can change it', () => {
    const store = createObjectStore(10)
    const held = store.put('configmaps', configMap('a')) as ReturnType<typeof configMap>
    expect(() => (held.values.value = '2')).toThrow(TypeError)
    const copy = copyJson(held)
    copy.values.value = '2'
    expect(held.values.value).toBe('1')
  })

  it('lists by namespace and name, and by one namespace alone', () => {
    const store = createObjectStore(10)
    for (const [namespace, name] of [
      ['b', 'x'],
      ['a', 'z'],
      ['a', 'y'],
    ] as const)
      store.put('configmaps', { ...configMap(name), metadata: { name, namespace } })
    expect(store.list('configmaps').map(object => object.metadata.name)).toEqual(['y', 'z', 'x'])
    expect(store.list('configmaps', 'b').map(object => object.metadata.name)).toEqual(['x'])
  })
})

describe('JSON values', () => {
  it('are copied without null and undefined members, and never touch the prototype', () => {
    const hostile = JSON.parse('{"a":null,"__proto__":{"polluted":true},"list":[{"b":null,"c":1}]}') as object
    expect(tidyCopy(hostile)).toEqual({ list: [{ c: 1 }] })
    expect(Object.getPrototypeOf(copyJson(hostile))).toBe(Object.prototype)
  })

  it('are the same when an absent member meets an undefined one, not when a member is missing', () => {
    expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true)
    expect(sameJson({ a: 1 }, { a: 1, b: null })).toBe(false)
    expect(sameJson([1, { a: [2] }], [1, { a: [2] }])).toBe(true)
    expect(sameJson([1], { 0: 1 })).toBe(false)
  })
})
