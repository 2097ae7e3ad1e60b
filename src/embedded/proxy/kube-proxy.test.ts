import { expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import type { EndpointSlice, Service } from '../../kube/types.ts'
import type { ForwardingTable } from '../../model/forwarding.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { createRegistry } from '../apiserver/registry.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import { KubeProxy } from './kube-proxy.ts'

const exactly = (ms: number): { low: number; high: number } => ({ low: ms, high: ms })

function startProxy(overrides: Partial<Settings> = {}) {
  const clock = new FakeClock(0)
  const settings = { ...defaultSettings, watchFanOutMs: exactly(1), proxyRunMs: exactly(40), ...overrides }
  const api = createRegistry({ clock, settings, random: seededRandom(1) })
  const tables: ForwardingTable[] = []
  let runs = 0
  const proxy = new KubeProxy({
    api,
    clock,
    settings,
    random: {
      ...seededRandom(2),
      between: low => {
        runs += 1
        return low
      },
    },
    node: 'worker-1',
    silentAddress: () => ({ address: '127.9.255.253', port: 1 }),
    publish: table => void tables.push(table),
  })
  proxy.start()
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { ports: [{ port: 80 }] },
  }
  api.create('services', service)
  const slice = api.create<EndpointSlice>('endpointslices', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [],
    ports: [{ name: '', port: 8080 }],
  })
  const route = (...addresses: string[]): void =>
    void api.update('endpointslices', {
      ...slice,
      metadata: { ...slice.metadata, resourceVersion: '' },
      endpoints: addresses.map(address => ({ addresses: [address], conditions: { ready: true } })),
    })
  const routed = (): string[] =>
    tables.at(-1)?.services.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)) ?? []
  return { clock, api, tables, proxy, route, routed, runs: () => runs }
}

test('a repair run that finds the rules as they are publishes nothing', () => {
  const { clock, tables, runs } = startProxy()
  clock.advance(2000)
  const [published, ran] = [tables.length, runs()]
  clock.advance(90_000)
  expect(runs()).toBeGreaterThan(ran)
  expect(tables.length).toBe(published)
})

test('the lag of a node delays its rules and not the throttle', () => {
  const lagging = startProxy({ proxyExtraLagMs: { 'worker-1': 500 } })
  const other = startProxy({ proxyExtraLagMs: { 'worker-2': 500 } })
  for (const { clock, route } of [lagging, other]) {
    clock.advance(5000)
    route('127.9.2.1')
  }
  const arrived = [lagging, other].map(({ clock, routed }) => {
    const startUs = clock.nowUs()
    while (routed().length === 0) clock.advance(1)
    return Math.round((clock.nowUs() - startUs) / 1000)
  })
  expect(arrived).toEqual([541, 41])
})

test('rules stay as they were while a kube-proxy is stopped, and follow when it starts again', () => {
  const { clock, tables, proxy, route, routed } = startProxy()
  clock.advance(5000)
  route('127.9.2.1')
  clock.advance(2000)
  route('127.9.2.2')
  clock.advance(20)
  // In the middle of a run, which then has no effect.
  proxy.stop()
  const published = tables.length
  clock.advance(60_000)
  expect(tables.length).toBe(published)
  expect(routed()).toEqual(['127.9.2.1'])
  proxy.start()
  clock.advance(2000)
  expect(routed()).toEqual(['127.9.2.2'])
  expect(tables.map(({ version }) => version)).toEqual(tables.map((_, index) => index + 1))
})
