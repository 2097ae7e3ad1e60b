import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import { typeOfKind } from '../schema/kind-types.ts'
import { openEnvelope } from './envelope.ts'
import { decodeMessage } from './message.ts'
// Each is what Kubernetes's own serializer (k8s.io/apimachinery v0.34.4) made of an object, and that object's JSON, without
// a target port of 0, which is none.
import samples from './samples.json' with { type: 'json' }
import { WireProblem } from './wire.ts'

function decode(bytes: Buffer): JsonObject {
  const { apiVersion, kind, message } = openEnvelope(bytes)
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  return { apiVersion, kind, ...decodeMessage(typeOfKind({ group, version, kind }), message) }
}

/** Go writes structs that are no pointers even when they are empty; they say nothing. */
function withoutEmpty(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (!isObject(value)) return value
  const kept = Object.entries(value).map(([key, member]) => [key, withoutEmpty(member)] as const)
  return Object.fromEntries(
    kept.filter(([, member]) => member !== null && !(isObject(member) && Object.keys(member).length === 0)),
  )
}

describe('protobuf bodies', () => {
  it.each(samples.map(sample => [sample.json.kind, sample] as const))(
    'decode to the JSON of a %s',
    (_kind, sample) => {
      const decoded = decode(Buffer.from(sample.bytes, 'base64'))
      expect(withoutEmpty(decoded)).toEqual(withoutEmpty(sample.json as unknown as Json))
    },
  )

  it('that are cut off or altered are a problem of the wire or another object, never a crash', () => {
    const bytes = samples.map(sample => Buffer.from(sample.bytes, 'base64'))
    const altered = fc
      .tuple(fc.constantFrom(...bytes), fc.nat(), fc.nat(255), fc.nat(1000))
      .map(([sample, at, byte, cut]) => {
        const copy = Buffer.from(sample)
        copy[at % copy.length] = byte
        return copy.subarray(0, copy.length - (cut % 3 === 0 ? cut % copy.length : 0))
      })
    fc.assert(
      fc.property(altered, input => {
        const { message } = attempt(() => openEnvelope(input)) ?? { message: input }
        for (const { json } of samples) attempt(() => decodeMessage(typeOfKind(kindOf(json)), message))
      }),
      { numRuns: 500, seed: 7 },
    )
  })

  it('of random bytes are a problem of the wire or an object', () => {
    const deployment = typeOfKind({ group: 'apps', version: 'v1', kind: 'Deployment' })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        attempt(() => decodeMessage(deployment, Buffer.from(bytes)))
        attempt(() => openEnvelope(Buffer.concat([Buffer.from('k8s\0'), bytes])))
      }),
      { numRuns: 1000, seed: 7 },
    )
  })
})

function kindOf({ apiVersion, kind }: { apiVersion: string; kind: string }): {
  group: string
  version: string
  kind: string
} {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  return { group, version, kind }
}

function attempt<T>(action: () => T): T | null {
  try {
    return action()
  } catch (error) {
    if (error instanceof WireProblem) return null
    throw error
  }
}
