import { expect, it } from 'vitest'
import { servedKinds } from '../resources.ts'
import { structType } from './go-types.ts'
import { typeNameOf } from './kind-types.ts'

interface Model {
  getAttributeTypeMap?: () => { baseName: string }[]
}

it('knows the fields that the client library of the same version knows', async () => {
  const models = (await import('@kubernetes/client-node')) as unknown as Record<string, Model | undefined>
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const { fields } = structType(name)
    const [, group = '', version = '', type = ''] = /^(\w+)\/(\w+)\.(\w+)$/.exec(name) ?? []
    const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
    const model =
      models[`${capital(group)}${capital(version)}${type}`] ?? models[`${capital(version)}${type}`]
    const theirs = model?.getAttributeTypeMap?.().map(({ baseName }) => baseName)
    expect([name, [...fields.keys()].sort()]).toEqual([name, theirs?.sort()])
    for (const { type } of fields.values()) {
      const shape = type.shape.type === 'list' ? type.shape.items.shape : type.shape
      if (shape.type === 'struct') visit(shape.name)
    }
  }
  for (const kind of servedKinds) visit(typeNameOf(kind))
  expect(seen.size).toBeGreaterThan(150)
})
