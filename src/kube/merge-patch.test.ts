import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyMergePatch, inversePatch, isAsPatched } from './merge-patch.ts'

/** Objects as the API has them: a null in one is the same as nothing. */
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }))
const key = fc.constantFrom('a', 'b', 'c')
const object = fc.letrec(tie => ({
  object: fc.dictionary(key, fc.oneof({ depthSize: 'small' }, leaf, tie('object')), { maxKeys: 3 }),
})).object
const patch = fc.letrec(tie => ({
  patch: fc.dictionary(key, fc.oneof({ depthSize: 'small' }, leaf, fc.constant(null), tie('patch')), {
    maxKeys: 3,
  }),
})).patch

/** A patch may leave an empty object where there was nothing: no harm, and none in the API. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([name, inner]) => [name, withoutEmpty(inner)] as const)
  return Object.fromEntries(entries.filter(([, inner]) => JSON.stringify(inner) !== '{}'))
}

describe('a merge patch', () => {
  it('follows the examples of RFC 7386', () => {
    expect(applyMergePatch({ a: 'b', c: { d: 'e', f: 'g' } }, { a: 'z', c: { f: null } })).toEqual({
      a: 'z',
      c: { d: 'e' },
    })
    expect(applyMergePatch({ a: [1, 2] }, { a: [3] })).toEqual({ a: [3] })
    expect(applyMergePatch({}, { a: { bb: { ccc: null } } })).toEqual({ a: { bb: {} } })
  })

  it('is taken back by its inverse', () => {
    fc.assert(
      fc.property(object, patch, (before, change) => {
        const after = applyMergePatch(before, change)
        expect(isAsPatched(after, change)).toBe(true)
        const restored = applyMergePatch(after, inversePatch(before, change))
        expect(withoutEmpty(restored)).toEqual(withoutEmpty(before))
      }),
    )
  })

  it('is taken back without a word about what others changed elsewhere', () => {
    const undo = inversePatch({ spec: { replicas: 3 } }, { spec: { replicas: 0 } })
    expect(applyMergePatch({ spec: { replicas: 0, paused: true } }, undo)).toEqual({
      spec: { replicas: 3, paused: true },
    })
  })
})
