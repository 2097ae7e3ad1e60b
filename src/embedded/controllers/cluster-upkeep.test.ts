import { describe, expect, it } from 'vitest'
import { present } from '../../base/assert.ts'
import type { Node, PodDisruptionBudget } from '../../kube/types.ts'
import { isTerminating } from './pods.ts'
import { FakeWorld } from './testing/fake-world.ts'

function withBudget(
  world: FakeWorld,
  spec: PodDisruptionBudget['spec'],
): () => PodDisruptionBudget['status'] {
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  }
  world.api.create('poddisruptionbudgets', budget)
  return () => world.api.get<PodDisruptionBudget>('poddisruptionbudgets', 'default', 'web')?.status
}

function nodeNamed(world: FakeWorld, name: string): Node {
  return present(world.api.get<Node>('nodes', '', name), name)
}

describe('the disruption controller', () => {
  it('follows pods, their deletion, and the size of the Deployment', () => {
    const world = new FakeWorld()
    const status = withBudget(world, { maxUnavailable: 1 })
    world.deploy('web', { replicas: 3 })
    world.clock.advance(5000)
    expect(status()).toMatchObject({
      expectedPods: 3,
      desiredHealthy: 2,
      currentHealthy: 3,
      disruptionsAllowed: 1,
    })
    world.api.delete('pods', 'default', present(world.pods()[0], 'a pod').metadata.name)
    world.clock.advance(100)
    expect(status()).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 0 })
    world.clock.advance(5000)
    expect(status()).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 1 })
    world.edit('web', spec => void (spec.replicas = 5))
    world.clock.advance(5000)
    expect(status()).toMatchObject({ expectedPods: 5, desiredHealthy: 4, disruptionsAllowed: 1 })
  })

  it('forgets an eviction that deleted nothing after two minutes', () => {
    const world = new FakeWorld()
    const status = withBudget(world, { minAvailable: 2 })
    world.deploy('web', { replicas: 3 })
    world.clock.advance(5000)
    const budget = present(
      world.api.get<PodDisruptionBudget>('poddisruptionbudgets', 'default', 'web'),
      'budget',
    )
    const [pod] = world.pods()
    const disruptedPods = { [pod?.metadata.name ?? '']: new Date(world.clock.nowUs() / 1000).toISOString() }
    const evicting = { ...present(budget.status, 'status'), disruptionsAllowed: 0, disruptedPods }
    world.api.updateStatus('poddisruptionbudgets', { ...budget, status: evicting })
    world.clock.advance(60_000)
    expect(status()).toMatchObject({ disruptedPods, currentHealthy: 2, disruptionsAllowed: 0 })
    world.clock.advance(61_000)
    expect(status()).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 1 })
    expect(status()?.disruptedPods).toBeUndefined()
  })
})

describe('the garbage collector', () => {
  function deployed(): FakeWorld {
    const world = new FakeWorld()
    world.deploy('web', { replicas: 2 })
    world.clock.advance(5000)
    return world
  }

  it('deletes ReplicaSets and pods after their Deployment', () => {
    const world = deployed()
    world.api.delete('deployments', 'default', 'web')
    world.clock.advance(100)
    expect(world.replicaSets()).toEqual([])
    expect(world.pods().every(isTerminating)).toBe(true)
    world.clock.advance(5000)
    expect(world.pods()).toEqual([])
  })

  it('in the foreground keeps the owner until its children are gone', () => {
    const world = deployed()
    world.api.delete('deployments', 'default', 'web', { propagationPolicy: 'Foreground' })
    world.clock.advance(500)
    expect(world.deployment('web').metadata.deletionTimestamp).toBeDefined()
    expect(world.pods().filter(isTerminating).length).toBe(2)
    world.clock.advance(5000)
    expect(world.pods()).toEqual([])
    expect(world.replicaSets()).toEqual([])
    expect(world.api.get('deployments', 'default', 'web')).toBeNull()
  })

  it('lets orphans live', () => {
    const world = deployed()
    world.api.delete('deployments', 'default', 'web', { propagationPolicy: 'Orphan' })
    world.clock.advance(5000)
    expect(world.api.get('deployments', 'default', 'web')).toBeNull()
    expect(world.replicaSets().map(({ metadata }) => metadata.ownerReferences)).toEqual([[]])
    expect(world.pods().filter(pod => !isTerminating(pod)).length).toBe(2)
  })
})

describe('node lifecycle', () => {
  it('taints a cordoned node and frees it again', () => {
    const world = new FakeWorld()
    const node = nodeNamed(world, 'worker-1')
    world.api.update('nodes', { ...node, spec: { unschedulable: true } })
    world.clock.advance(100)
    const cordoned = nodeNamed(world, 'worker-1')
    expect(cordoned.spec.taints).toEqual([{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }])
    world.api.update('nodes', { ...cordoned, spec: { ...cordoned.spec, unschedulable: false } })
    world.clock.advance(100)
    expect(nodeNamed(world, 'worker-1').spec.taints).toEqual([])
  })

  it('evicts from a NoExecute taint after the tolerated time', () => {
    const world = new FakeWorld({ workers: 2, endMs: () => 60_000 })
    const containers = [{ name: 'main', image: 'v1' }]
    const metadata = { labels: { app: 'web' } }
    const tolerations = [{ key: 'trouble', operator: 'Exists' as const, tolerationSeconds: 10 }]
    world.deploy('web', { replicas: 2, template: { metadata, spec: { containers, tolerations } } })
    world.clock.advance(5000)
    const node = nodeNamed(world, 'worker-1')
    world.api.update('nodes', { ...node, spec: { taints: [{ key: 'trouble', effect: 'NoExecute' }] } })
    world.clock.advance(9000)
    expect(world.pods().filter(isTerminating)).toEqual([])
    world.clock.advance(1500)
    expect(
      world
        .pods()
        .filter(isTerminating)
        .map(({ spec }) => spec.nodeName),
    ).toEqual(['worker-1'])
  })
})
