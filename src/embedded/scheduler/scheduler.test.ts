import { describe, expect, it } from 'vitest'
import { present } from '../../base/assert.ts'
import { findCondition } from '../controllers/conditions.ts'
import { FakeWorld } from '../controllers/testing/fake-world.ts'
import type { Node, PodSpec } from '../../kube/types.ts'
import { podRequests } from './pod-requests.ts'
import { quantityMilli } from './quantity.ts'

function perNode(world: FakeWorld): number[] {
  const counts = new Map<string, number>()
  for (const { spec } of world.pods())
    counts.set(spec.nodeName ?? '', (counts.get(spec.nodeName ?? '') ?? 0) + 1)
  return [...counts.values()].sort()
}

function deploy(world: FakeWorld, replicas: number, spec: Partial<PodSpec>): void {
  const containers = [{ name: 'main', image: 'v1' }]
  world.deploy('web', {
    replicas,
    template: { metadata: { labels: { app: 'web' } }, spec: { containers, ...spec } },
  })
  world.clock.advance(3000)
}

function setUnschedulable(world: FakeWorld, name: string, unschedulable: boolean): void {
  const node = present(world.api.get<Node>('nodes', '', name), name)
  world.api.update('nodes', { ...node, spec: { ...node.spec, unschedulable } })
  world.clock.advance(50)
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

describe('the scheduler', () => {
  it.each(seeds)(
    'spreads three replicas over three workers, and over two when one is cordoned (seed %i)',
    seed => {
      const free = new FakeWorld({ seed })
      deploy(free, 3, {})
      expect(perNode(free)).toEqual([1, 1, 1])
      const cordoned = new FakeWorld({ seed })
      setUnschedulable(cordoned, 'worker-2', true)
      deploy(cordoned, 3, {})
      expect(perNode(cordoned)).toEqual([1, 2])
      expect(cordoned.pods().some(({ spec }) => spec.nodeName === 'worker-2')).toBe(false)
    },
  )

  it('spreads each revision by itself during a rollout', () => {
    const world = new FakeWorld()
    deploy(world, 3, {})
    world.roll('web', 'v2')
    world.clock.advance(20_000)
    expect(perNode(world)).toEqual([1, 1, 1])
  })

  it('says why a pod fits nowhere, and tries again when a node changes', () => {
    const world = new FakeWorld({ workers: 1 })
    setUnschedulable(world, 'worker-1', true)
    deploy(world, 1, {})
    const condition = findCondition(world.pods()[0]?.status?.conditions, 'PodScheduled')
    expect(condition).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message:
        '0/1 nodes are available: 1 node(s) were unschedulable. no new claims to deallocate, ' +
        'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    })
    expect(world.api.events.filter(({ reason }) => reason === 'FailedScheduling').length).toBe(1)
    setUnschedulable(world, 'worker-1', false)
    world.clock.advance(2000)
    expect(perNode(world)).toEqual([1])
    expect(world.api.events.some(({ reason }) => reason === 'Scheduled')).toBe(true)
  })

  it('counts terminating pods against resources until they are gone', () => {
    const world = new FakeWorld({ workers: 1, endMs: () => 8000 })
    const resources = { requests: { cpu: '3' } }
    deploy(world, 1, { containers: [{ name: 'main', image: 'v1', resources }] })
    world.api.delete('pods', 'default', present(world.pods()[0], 'a pod').metadata.name)
    world.clock.advance(7000)
    const waiting = world.pods().filter(({ spec }) => spec.nodeName === undefined)
    expect(waiting.length).toBe(1)
    expect(findCondition(waiting[0]?.status?.conditions, 'PodScheduled')?.message).toContain(
      'Insufficient cpu',
    )
    world.clock.advance(4000)
    expect(perNode(world)).toEqual([1])
  })

  it('counts every reason of every node, and tells where the end of other pods would help', () => {
    const world = new FakeWorld()
    setUnschedulable(world, 'worker-3', true)
    const node = present(world.api.get<Node>('nodes', '', 'worker-2'), 'worker-2')
    world.api.update('nodes', { ...node, spec: { taints: [{ key: 'only', effect: 'NoSchedule' }] } })
    world.clock.advance(50)
    const ask = (cpu: string): Partial<PodSpec> => ({
      containers: [{ name: 'main', image: 'v1', resources: { requests: { cpu } } }],
    })
    deploy(world, 2, ask('3'))
    const waiting = world.pods().find(({ spec }) => spec.nodeName === undefined)
    expect(findCondition(waiting?.status?.conditions, 'PodScheduled')?.message).toBe(
      '0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ' +
        'no new claims to deallocate, preemption: 0/3 nodes are available: ' +
        '1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
    )
  })

  it('keeps replicas with required anti-affinity apart, even if one must wait', () => {
    const world = new FakeWorld({ workers: 2 })
    const term = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' }
    deploy(world, 3, {
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    })
    expect(
      world
        .pods()
        .map(({ spec }) => spec.nodeName ?? '')
        .sort(),
    ).toEqual(['', 'worker-1', 'worker-2'])
  })

  it('does not exceed maxSkew with DoNotSchedule, counting cordoned nodes as domains', () => {
    const world = new FakeWorld()
    setUnschedulable(world, 'worker-3', true)
    const constraint = {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'DoNotSchedule' as const,
      labelSelector: { matchLabels: { app: 'web' } },
    }
    deploy(world, 4, { topologySpreadConstraints: [constraint] })
    expect(world.pods().filter(({ spec }) => spec.nodeName === undefined).length).toBe(2)
  })

  it('follows node selectors, node affinity and tolerations', () => {
    const world = new FakeWorld()
    const node = present(world.api.get<Node>('nodes', '', 'worker-2'), 'worker-2')
    world.api.update('nodes', {
      ...node,
      metadata: { ...node.metadata, labels: { ...node.metadata.labels, disk: 'ssd' } },
      spec: { taints: [{ key: 'only', value: 'web', effect: 'NoSchedule' }] },
    })
    world.clock.advance(50)
    deploy(world, 2, {
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'only', operator: 'Equal', value: 'web' }],
    })
    expect(world.pods().map(({ spec }) => spec.nodeName)).toEqual(['worker-2', 'worker-2'])
  })
})

describe('quantities', () => {
  it.each([
    ['100m', 100],
    ['0.1', 100],
    ['2', 2000],
    ['128Mi', 128 * 2 ** 20 * 1000],
    ['1e3', 1_000_000],
    ['1.5Gi', 1.5 * 2 ** 30 * 1000],
    ['1k', 1_000_000],
    ['', 0],
  ])('%s is %i thousandths', (text, milli) => {
    expect(quantityMilli(text)).toBe(milli)
  })

  it('of a pod are the sum of its containers and sidecars, or its largest init container', () => {
    const container = (name: string, cpu: string, restartPolicy?: string): PodSpec['containers'][number] => ({
      name,
      image: 'i',
      resources: { requests: { cpu } },
      ...(restartPolicy === undefined ? {} : { restartPolicy }),
    })
    const containers = [container('a', '100m'), container('b', '200m')]
    expect(podRequests({ containers, initContainers: [container('s', '50m', 'Always')] }).get('cpu')).toBe(
      350,
    )
    expect(podRequests({ containers, initContainers: [container('i', '1')] }).get('cpu')).toBe(1000)
  })
})
