import { expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import type { KubeEvent, Lease, Node } from '../../kube/types.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { createRegistry, type Registry } from '../apiserver/registry.ts'
import { nodeObject } from '../nodes.ts'
import { settingsInForce } from '../settings-in-force.ts'
import { Heartbeat } from './heartbeat.ts'

function start(): { clock: FakeClock; api: Registry; beat: Heartbeat; fail: (why: string) => void } {
  const clock = new FakeClock()
  const settings = settingsInForce({})
  const random = seededRandom(3)
  const api = createRegistry({ clock, settings, random, allocateClusterIP: () => '127.9.200.1' })
  const object = nodeObject({ name: 'worker-1', address: '127.9.0.2' }, 'v1.34.0', clock)
  const created = api.create('nodes', object)
  if (object.status !== undefined) api.updateStatus('nodes', { ...created, status: object.status })
  let notReady: string | null = null
  const beat = new Heartbeat({ api, clock, random, settings, node: 'worker-1', notReady: () => notReady })
  beat.start()
  return { clock, api, beat, fail: why => void (notReady = why) }
}

function ready(api: Registry): NonNullable<NonNullable<Node['status']>['conditions']>[number] | undefined {
  return api.get<Node>('nodes', '', 'worker-1')?.status?.conditions?.find(({ type }) => type === 'Ready')
}

test('the lease is renewed about every 10 s, to the microsecond, for 40 s each', () => {
  const { clock, api } = start()
  const renewed = new Set<string>()
  for (let second = 0; second < 60; second++) {
    const { spec } = api.get<Lease>('leases', 'kube-node-lease', 'worker-1') ?? {}
    expect(spec).toMatchObject({ holderIdentity: 'worker-1', leaseDurationSeconds: 40 })
    renewed.add(spec?.renewTime ?? '')
    clock.advance(1000)
  }
  expect(renewed.size).toBe(6)
  for (const time of renewed) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
})

test('a status that does not change is posted every five minutes', () => {
  const { clock, api } = start()
  const versions = new Set<string | undefined>()
  for (let second = 0; second < 900; second += 5) {
    clock.advance(5000)
    versions.add(api.get('nodes', '', 'worker-1')?.metadata.resourceVersion)
  }
  expect(versions.size).toBe(4)
})

test('what the control plane said of a silent node is put right within 10 s, and a change is posted at once', () => {
  const { clock, api, beat, fail } = start()
  const node = api.get<Node>('nodes', '', 'worker-1')
  if (node === null) throw new Error('no node')
  const conditions = node.status?.conditions?.map(condition => ({ ...condition, status: 'Unknown' as const }))
  api.updateStatus('nodes', { ...node, status: { ...node.status, ...(conditions && { conditions }) } })
  clock.advance(10_000)
  expect(ready(api)?.status).toBe('True')
  fail('node is shutting down')
  beat.post()
  expect(ready(api)).toMatchObject({
    status: 'False',
    reason: 'KubeletNotReady',
    message: 'node is shutting down',
  })
  const said = api.list<KubeEvent>('events').map(({ reason }) => reason)
  expect(said).toEqual(['NodeReady', 'NodeNotReady'])
  beat.stop()
})
