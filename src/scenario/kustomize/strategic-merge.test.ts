import { describe, expect, it } from 'vitest'
import { strategicMerge, unknownDirectives } from './strategic-merge.ts'

describe('strategicMerge', () => {
  it('merges maps, replaces scalars, and deletes what the patch says is null', () => {
    const target = { spec: { replicas: 3, strategy: { rollingUpdate: { maxSurge: 1 } }, paused: true } }
    const patch = { spec: { replicas: 4, strategy: { type: 'Recreate', rollingUpdate: null } } }
    expect(strategicMerge(target, patch)).toEqual({
      spec: { replicas: 4, strategy: { type: 'Recreate' }, paused: true },
    })
  })

  it('leaves nothing of a null inside a map that is new', () => {
    expect(strategicMerge({}, { probe: { httpGet: null, exec: {} } })).toEqual({ probe: { exec: {} } })
  })

  it('merges list items by their merge key, those of the patch first', () => {
    const target = {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
        { name: 'C', value: '3' },
      ],
    }
    const patch = {
      env: [
        { name: 'C', value: '30' },
        { name: 'D', value: '4' },
        { name: 'A', $patch: 'delete' },
      ],
    }
    expect(strategicMerge(target, patch)).toEqual({
      env: [
        { name: 'C', value: '30' },
        { name: 'D', value: '4' },
        { name: 'B', value: '2' },
      ],
    })
  })

  it('replaces a list without a merge key', () => {
    const target = { command: ['sh', '-c', 'x'], tolerations: [{ key: 'a' }] }
    expect(strategicMerge(target, { command: ['x'], tolerations: [{ key: 'b' }] })).toEqual({
      command: ['x'],
      tolerations: [{ key: 'b' }],
    })
  })

  it('does not change what it is given', () => {
    const target = { spec: { containers: [{ name: 'web', image: 'a' }] } }
    strategicMerge(target, { spec: { containers: [{ name: 'web', image: 'b' }] } })
    expect(target).toEqual({ spec: { containers: [{ name: 'web', image: 'a' }] } })
  })
})

describe('unknownDirectives', () => {
  it('accepts the deletion of an object or of an item with a merge key, and nothing else that begins with $', () => {
    expect(unknownDirectives({ $patch: 'delete', kind: 'Service' })).toEqual([])
    expect(unknownDirectives({ env: [{ name: 'A', $patch: 'delete' }] })).toEqual([])
    expect(unknownDirectives({ spec: { $patch: 'delete' }, $retainKeys: ['a'] })).toEqual([
      ['spec', '$patch'],
      ['$retainKeys'],
    ])
    expect(unknownDirectives({ tolerations: [{ key: 'a', $patch: 'delete' }] })).toHaveLength(1)
  })
})
