/** Lists, pages and watches are views of one history: they must agree whatever is written meanwhile. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../kube/types.ts'
import { ApiError } from '../cluster-api.ts'
import type { ServerContext } from './http/server-context.ts'
import { listOptions } from './http/list-options.ts'
import { pageOf } from './http/pages.ts'
import type { ResourceRoute } from './http/route.ts'
import type { Registry } from './registry.ts'
import { kindOf } from './resources.ts'
import { testRegistry } from './testing/objects.ts'

interface Step {
  verb: 'put' | 'delete'
  name: string
  value: string
}

const steps = fc.array(
  fc.record<Step>({
    verb: fc.constantFrom('put', 'put', 'delete'),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
    value: fc.constantFrom('1', '2', '3'),
  }),
  { maxLength: 40 },
)

function write(registry: Registry, { verb, name, value }: Step): void {
  const present = registry.get('configmaps', 'default', name) !== null
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
    data: { value },
  }
  if (verb === 'delete') {
    if (present) registry.remove('configmaps', 'default', name)
  } else if (present) registry.put('configmaps', config, 'main')
  else registry.post('configmaps', config)
}

const route: ResourceRoute = { kind: kindOf('configmaps'), namespace: 'default', name: '', subresource: null }
const selection = { matches: () => true, selects: false }

function contextOf({ registry, clock }: ReturnType<typeof testRegistry>): ServerContext {
  const none = { subscribe: () => () => undefined }
  return {
    registry,
    clock,
    forwarding: none,
    containers: none,
    relays: { list: () => [] },
    reach: (host, port) => ({ host, port }),
    facts: { vantage: 'control-plane', settings: {} },
    logs: { locate: () => null },
    commands: { run: () => null },
    kubernetesVersion: 'v1.34.0',
  }
}

const names = (items: readonly KubeObject[]): string[] => items.map(({ metadata }) => metadata.name)

it('gives back every past state, and a watch from it leads to the present', () => {
  fc.assert(
    fc.property(steps, written => {
      const { registry } = testRegistry()
      const past: { revision: number; items: KubeObject[] }[] = []
      for (const step of written) {
        past.push(registry.snapshot('configmaps'))
        write(registry, step)
      }
      for (const { revision, items } of past) {
        expect(registry.snapshotAt('configmaps', revision)).toEqual(items)
        const followed = new Map(items.map(item => [item.metadata.name, item]))
        for (const { type, object } of registry.changesSince('configmaps', revision) ?? [])
          if (type === 'DELETED') followed.delete(object.metadata.name)
          else followed.set(object.metadata.name, object)
        const reached = [...followed.values()].sort((one, other) =>
          one.metadata.name < other.metadata.name ? -1 : 1,
        )
        expect(reached).toEqual(registry.snapshot('configmaps').items)
      }
    }),
    { seed: 7, numRuns: 60 },
  )
})

it('hands out pages that make up one state, whatever is written between them', async () => {
  await fc.assert(
    fc.asyncProperty(steps, steps, fc.integer({ min: 1, max: 4 }), async (before, between, limit) => {
      const world = testRegistry()
      const { registry } = world
      for (const step of before) write(registry, step)
      const whole = registry.snapshot('configmaps', 'default')
      const found: KubeObject[] = []
      const waiting = [...between]
      let token = ''
      do {
        const query = new URLSearchParams({ limit: String(limit), continue: token })
        const page = await pageOf(contextOf(world), route, selection, listOptions(query, false))
        found.push(...page.items)
        expect(page.revision).toBe(whole.revision)
        expect(page.remaining).toBe(page.continueToken === '' ? null : whole.items.length - found.length)
        token = page.continueToken
        for (const step of waiting.splice(0, 5)) write(registry, step)
      } while (token !== '')
      expect(found).toEqual(whole.items)
    }),
    { seed: 11, numRuns: 60 },
  )
})

it('answers a page of a forgotten state with 410 and a token that goes on in the present', async () => {
  const world = testRegistry({ watchHistory: 10 })
  const { registry } = world
  for (const name of ['a', 'b', 'c', 'd']) write(registry, { verb: 'put', name, value: '1' })
  const options = (query: Record<string, string>): ReturnType<typeof listOptions> =>
    listOptions(new URLSearchParams(query), false)
  const context = contextOf(world)
  const first = await pageOf(context, route, selection, options({ limit: '2' }))
  for (let round = 0; round < 40; round++) write(registry, { verb: 'put', name: 'e', value: String(round) })
  const again = options({ limit: '2', continue: first.continueToken })
  const failed: unknown = await pageOf(context, route, selection, again).catch((error: unknown) => error)
  if (!(failed instanceof ApiError)) throw new Error('the page was answered')
  expect([failed.code, failed.reason]).toEqual([410, 'Expired'])
  const token = String(failed.status.metadata['continue'])
  const rest = await pageOf(context, route, selection, options({ continue: token }))
  expect(names(rest.items)).toEqual(['c', 'd', 'e'])
})

it('waits three seconds for a version that is yet to come, then says that it is too large', async () => {
  const world = testRegistry()
  const context = contextOf(world)
  const ask = (ahead: number): Promise<unknown> => {
    const resourceVersion = String(world.registry.revision() + ahead)
    const options = listOptions(new URLSearchParams({ resourceVersion }), false)
    return pageOf(context, route, selection, options).catch((error: unknown) => error)
  }
  const reached = ask(1)
  write(world.registry, { verb: 'put', name: 'a', value: '1' })
  await world.clock.advanceAsync(100)
  expect(await reached).toMatchObject({ items: [{ metadata: { name: 'a' } }] })
  const tooLarge = ask(1000)
  await world.clock.advanceAsync(3100)
  expect(await tooLarge).toMatchObject({
    status: { code: 504, reason: 'Timeout', details: { retryAfterSeconds: 1 } },
  })
})
