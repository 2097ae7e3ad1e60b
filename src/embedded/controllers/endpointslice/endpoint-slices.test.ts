import { describe, expect, it } from 'vitest'
import { present } from '../../../base/assert.ts'
import { seededRandom } from '../../../base/random.ts'
import type { Endpoint, EndpointSlice, Pod, Service } from '../../../kube/types.ts'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { defaultSettings } from '../../settings.ts'
import { runController } from '../controller.ts'
import { makeInformers } from '../informers.ts'
import { FakeClusterApi } from '../testing/fake-cluster-api.ts'
import { FakeWorld } from '../testing/fake-world.ts'
import { endpointSliceController } from './endpoint-slice-controller.ts'
import { endpointOf, hasEndpoint, portsOf } from './pod-endpoint.ts'
import { planSlices } from './slice-plan.ts'

function service(spec: Partial<Service['spec']> = {}): Service {
  const ports = [{ name: 'web', port: 80, targetPort: 'http' }]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', labels: { team: 'one' } },
    spec: { selector: { app: 'web' }, ports, ...spec },
  }
}

function pod({ ready = true, terminating = false, phase = 'Running' as const, port = 8080 }): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: 'default',
      uid: 'u',
      ...(terminating ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: port }] }],
    },
    status: {
      phase,
      podIP: '10.0.0.5',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  }
}

function sliceWith(name: string, endpoints: Endpoint[], port = 8080): EndpointSlice {
  const ports = [{ name: 'web', port, protocol: 'TCP' }]
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name },
    addressType: 'IPv4',
    endpoints,
    ports,
  }
}

function endpoint(uid: string, ready = true): Endpoint {
  return { addresses: [uid], conditions: { ready }, targetRef: { kind: 'Pod', name: uid, uid } }
}

describe('an endpoint', () => {
  it.each([
    [{ ready: true }, false, { ready: true, serving: true, terminating: false }],
    [{ ready: false }, false, { ready: false, serving: false, terminating: false }],
    [{ ready: true, terminating: true }, false, { ready: false, serving: true, terminating: true }],
    [{ ready: false, terminating: true }, true, { ready: true, serving: false, terminating: true }],
  ])('of a pod with %j, publishNotReadyAddresses %s', (traits, publishNotReadyAddresses, conditions) => {
    expect(endpointOf(service({ publishNotReadyAddresses }), pod(traits)).conditions).toEqual(conditions)
  })

  it('exists from when the pod has an address until it has ended', () => {
    expect(hasEndpoint(pod({}))).toBe(true)
    expect(hasEndpoint({ ...pod({}), status: { phase: 'Pending' } })).toBe(false)
    expect(hasEndpoint({ ...pod({}), status: { phase: 'Failed', podIP: '10.0.0.5' } })).toBe(false)
  })

  it('resolves named target ports in the pod, and leaves out names that it does not have', () => {
    expect(portsOf(service(), pod({ port: 9000 }))).toEqual([{ name: 'web', port: 9000, protocol: 'TCP' }])
    expect(portsOf(service({ ports: [{ port: 80, targetPort: 'other' }] }), pod({}))).toEqual([])
    expect(portsOf(service({ ports: [{ port: 80 }] }), pod({}))).toEqual([
      { name: '', port: 80, protocol: 'TCP' },
    ])
  })
})

describe('the plan of slices', () => {
  const ports = [{ name: 'web', port: 8080, protocol: 'TCP' }]

  it('updates in place, keeps the order, and writes nothing when nothing differs', () => {
    const slice = sliceWith('s', [endpoint('a'), endpoint('b')])
    const plan = planSlices([{ ports, endpoints: [endpoint('c'), endpoint('b', false)] }], [slice])
    expect(plan).toMatchObject({ create: [], remove: [] })
    expect(plan.update[0]?.content.endpoints.map(({ addresses }) => addresses[0])).toEqual(['b', 'c'])
    expect(planSlices([{ ports, endpoints: slice.endpoints }], [slice])).toEqual({
      create: [],
      update: [],
      remove: [],
    })
  })

  it('puts no more than 100 endpoints into a slice', () => {
    const endpoints = Array.from({ length: 150 }, (_, at) => endpoint(`e${at}`))
    const plan = planSlices([{ ports, endpoints }], [])
    expect(plan.create.map(({ endpoints: { length } }) => length)).toEqual([100, 50])
  })

  it('keeps one empty slice for a Service without endpoints', () => {
    const emptied = planSlices([], [sliceWith('s', [endpoint('a')])])
    expect(emptied.update[0]?.content).toEqual({ ports: [], endpoints: [] })
    const empty = { ...sliceWith('s', []), ports: [] }
    expect(planSlices([], [empty])).toEqual({ create: [], update: [], remove: [] })
  })
})

describe('the EndpointSlice controller', () => {
  const slicesOf = (world: FakeWorld): EndpointSlice[] =>
    world.api.list<EndpointSlice>('endpointslices', 'default')

  function runningWorld(): FakeWorld {
    const world = new FakeWorld({ endMs: () => 30_000 })
    world.api.create('services', service())
    world.deploy('web', { replicas: 3 })
    world.clock.advance(5000)
    return world
  }

  it('labels and owns its slice', () => {
    const [slice] = slicesOf(runningWorld())
    expect(slice?.metadata.labels).toEqual({
      team: 'one',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    })
    expect(slice?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Service', name: 'web' })
    expect(slice?.endpoints.every(({ conditions }) => conditions?.ready)).toBe(true)
  })

  it('marks a pod as terminating within 100 ms of its deletion', () => {
    const world = runningWorld()
    const { name } = present(world.pods()[0], 'a pod').metadata
    world.api.delete('pods', 'default', name)
    world.clock.advance(100)
    const found = slicesOf(world)[0]?.endpoints.find(({ targetRef }) => targetRef?.name === name)
    expect(found?.conditions).toEqual({ ready: false, serving: true, terminating: true })
  })

  it('is a second late with a change that it meets before it saw its own write, unless another change comes', () => {
    // Delivery takes 5 ms and a hop 2 ms: written at 7 ms, seen at 12 ms; the second deletion is met at 10 ms.
    const secondIsMarked = (thirdDeletedAtMs: number | null): Record<string, boolean> => {
      const { clock, api, isMarked } = bareController()
      api.delete('pods', 'default', 'first')
      clock.advance(3)
      api.delete('pods', 'default', 'second')
      if (thirdDeletedAtMs !== null)
        clock.after(thirdDeletedAtMs, () => void api.delete('pods', 'default', 'third'))
      clock.advance(497)
      const early = isMarked('second')
      clock.advance(600)
      return { first: isMarked('first'), early, late: isMarked('second') }
    }
    expect(secondIsMarked(null)).toEqual({ first: true, early: false, late: true })
    expect(secondIsMarked(100)).toEqual({ first: true, early: true, late: true })
  })
})

/** The controller alone with three ready pods, delays fixed. */
function bareController(): { clock: FakeClock; api: FakeClusterApi; isMarked: (pod: string) => boolean } {
  const clock = new FakeClock()
  const api = new FakeClusterApi(clock, { ...seededRandom(1), between: (_low, high) => high })
  api.create('services', service())
  for (const name of ['first', 'second', 'third']) {
    const { status = {}, ...one } = pod({})
    const metadata = { ...one.metadata, name, labels: { app: 'web' } }
    const created = api.create('pods', { ...one, metadata })
    api.updateStatus('pods', { ...created, status: { ...status, podIP: name } })
  }
  const informers = makeInformers(api)
  const random = { ...seededRandom(1), between: (low: number) => low }
  // A hop shorter than the delivery of its own write: only then is a cache stale.
  const settings = { ...defaultSettings, sliceHopMs: { low: 2, high: 10 } }
  const controller = endpointSliceController({ api, clock, settings, informers })
  informers.start()
  runController(controller, { clock, settings: defaultSettings, random })
  clock.advance(5000)
  const isMarked = (name: string): boolean => {
    const [slice] = api.list<EndpointSlice>('endpointslices', 'default')
    return (
      slice?.endpoints.find(({ targetRef }) => targetRef?.name === name)?.conditions?.terminating === true
    )
  }
  return { clock, api, isMarked }
}
