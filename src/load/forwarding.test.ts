import { expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import type { ForwardingTable } from '../model/forwarding.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { ForwardedRoutes } from './forwarding.ts'
import { planFor, population } from './testdata/plans.ts'
import { runDriver } from './testdata/run-driver.ts'

const tableOf = (addresses: string[]): ForwardingTable => ({
  node: 'node-1',
  version: 1,
  atUs: 0,
  roundTripMs: 4,
  rejectAnswers: { intervalMs: 1000, burst: 6 },
  services: [
    { service: 'default/other:80', clusterIP: '127.1.0.2', endpoints: [], fallback: false },
    {
      service: 'default/web:8080',
      clusterIP: '127.1.0.1',
      endpoints: addresses.map(address => ({ address, port: 8080, pod: `web-${address}` })),
      fallback: false,
    },
  ],
})

const routesOf = (seed: number, clock: FakeClock, drivers = 1): ForwardedRoutes =>
  new ForwardedRoutes('default/web:8080', { random: seededRandom(seed), clock, drivers })

test('a new connection goes to one of the endpoints in force, each about as often', () => {
  const routes = routesOf(7, new FakeClock())
  routes.adopt(tableOf(['127.2.0.1', '127.2.0.2', '127.2.0.3']))
  const counts = new Map<string, number>()
  for (let turn = 0; turn < 3000; turn++) {
    const address = routes.choose()?.address ?? 'none'
    counts.set(address, (counts.get(address) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual(['127.2.0.1', '127.2.0.2', '127.2.0.3'])
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(100)

  routes.adopt(tableOf(['127.2.0.9']))
  expect(routes.choose()).toEqual({ address: '127.2.0.9', port: 8080, roundTripMs: 4 })
})

test('the same seed chooses the same endpoints', () => {
  const choices = [1, 2].map(() => {
    const routes = routesOf(42, new FakeClock())
    routes.adopt(tableOf(['127.2.0.1', '127.2.0.2']))
    return Array.from({ length: 50 }, () => routes.choose()?.address)
  })
  expect(choices[0]).toEqual(choices[1])
})

test('without an endpoint six connects are refused at once, then one a second, as a node’s kernel answers one client', () => {
  const clock = new FakeClock()
  const routes = routesOf(1, clock)
  const refused = (count: number): number =>
    Array.from({ length: count }, () => routes.choose()).filter(route => route === null).length
  routes.adopt(tableOf([]))
  expect(refused(100)).toBe(6)
  clock.advance(999)
  expect(refused(100)).toBe(0)
  clock.advance(1)
  expect(refused(100)).toBe(1)
  clock.advance(3000)
  expect(refused(100)).toBe(3)
  clock.advance(60_000)
  expect(refused(100)).toBe(6)
})

test('drivers that share an address share its refusals', () => {
  const clock = new FakeClock()
  const drivers = [1, 2, 3].map(seed => routesOf(seed, clock, 3))
  for (const routes of drivers) routes.adopt(tableOf([]))
  const refused = (): number =>
    drivers
      .flatMap(routes => Array.from({ length: 50 }, () => routes.choose()))
      .filter(route => route === null).length
  expect(refused()).toBe(6)
  clock.advance(6000)
  expect(refused()).toBe(6)
})

test('a node that answers every time refuses every request, and no connection is named', async () => {
  const routes = routesOf(1, new FakeClock())
  routes.adopt({ ...tableOf([]), rejectAnswers: { intervalMs: 0, burst: 1 } })
  const profiles = [population({}), population({ population: 'reused', connections: 3 })]
  const { samples, totals } = await runDriver(planFor(1, profiles, { maxDurationMs: 50 }), { routes })
  expect(totals.failed).toBe(totals.scheduled)
  for (const { outcome, connection } of samples) {
    expect(outcome).toMatchObject({ phase: 'connect', code: 'refused' })
    expect(connection).toBeNull()
  }
})

test('with session affinity a client stays with its endpoint, is refreshed by use, and moves on when it has left', () => {
  const clock = new FakeClock()
  const routes = routesOf(3, clock)
  const sticky = (addresses: string[]): ForwardingTable => {
    const table = tableOf(addresses)
    return { ...table, services: table.services.map(service => ({ ...service, affinitySeconds: 60 })) }
  }
  const many = Array.from({ length: 20 }, (_, serial) => `127.2.0.${serial + 1}`)
  routes.adopt(sticky(many))
  const first = routes.choose()?.address ?? ''
  for (let turn = 0; turn < 20; turn++) {
    clock.advance(59_000)
    expect(routes.choose()?.address).toBe(first)
  }
  routes.adopt(sticky(many.filter(address => address !== first)))
  const second = routes.choose()?.address ?? ''
  expect(second).not.toBe(first)
  routes.adopt(sticky(many))
  expect(routes.choose()?.address).toBe(second)
  const later = Array.from({ length: 20 }, () => {
    clock.advance(60_000)
    return routes.choose()?.address
  })
  expect(new Set(later).size).toBeGreaterThan(5)
})
