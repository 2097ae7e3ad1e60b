import { describe, expect, it } from 'vitest'
import { present } from '../../base/assert.ts'
import type { Node, Pod, PodDisruptionBudget, ReplicaSet } from '../../kube/types.ts'
import type { Lease } from '../workload-types.ts'
import { withCondition } from './conditions.ts'
import { isReady, isTerminating } from './pods.ts'
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

  it('lets an orphan live that changed as its owner went, whatever it had in its cache', () => {
    for (let step = 0; step < 40; step++) {
      const world = new FakeWorld()
      world.deploy('web', { replicas: 1 })
      world.clock.advance(5000)
      const [set] = world.api.list<ReplicaSet>('replicasets', 'default')
      const { metadata, ...rest } = present(set, 'ReplicaSet')
      world.api.delete('deployments', 'default', 'web', { propagationPolicy: 'Orphan' })
      world.api.updateStatus('replicasets', {
        ...rest,
        metadata,
        status: { replicas: 1, observedGeneration: 1 },
      })
      world.clock.advance(step / 4)
      const now = present(world.api.get<ReplicaSet>('replicasets', 'default', metadata.name), 'ReplicaSet')
      world.api.updateStatus('replicasets', { ...now, status: { replicas: 1, observedGeneration: 2 } })
      world.clock.advance(5000)
      expect(world.api.get('replicasets', 'default', metadata.name), `after ${step / 4} ms`).not.toBeNull()
    }
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
    expect(cordoned.spec.taints).toMatchObject([
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    ])
    expect(cordoned.spec.taints?.[0]?.timeAdded).toBeDefined()
    world.api.update('nodes', { ...cordoned, spec: { ...cordoned.spec, unschedulable: false } })
    world.clock.advance(100)
    expect(nodeNamed(world, 'worker-1').spec.taints).toBeUndefined()
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

  /** Three nodes whose leases are renewed every ten seconds, until `silence` is called for one. */
  function heartbeats(world: FakeWorld, ...names: string[]): (name: string) => void {
    const silent = new Set<string>()
    const renew = (name: string): void => {
      if (silent.has(name)) return
      const spec = { holderIdentity: name, renewTime: new Date(world.clock.nowUs() / 1000).toISOString() }
      const lease = world.api.get<Lease>('leases', 'kube-node-lease', name)
      if (lease === null)
        world.api.create<Lease>('leases', {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name, namespace: 'kube-node-lease' },
          spec,
        })
      else world.api.update<Lease>('leases', { ...lease, spec })
      world.clock.after(10_000, () => renew(name))
    }
    names.forEach(renew)
    return name => silent.add(name)
  }

  const workers = ['worker-1', 'worker-2', 'worker-3']

  function readyOf(world: FakeWorld, name: string): string | undefined {
    return nodeNamed(world, name).status?.conditions?.find(({ type }) => type === 'Ready')?.status
  }

  it('leaves a node alone that nobody ever spoke for', () => {
    const world = new FakeWorld()
    world.clock.advance(300_000)
    expect(workers.map(name => readyOf(world, name))).toEqual(['True', 'True', 'True'])
  })

  it('takes a silent node for unknown after 50 s, its pods for not ready, and evicts them after 300 s more', () => {
    const world = new FakeWorld({ registry: true, endMs: () => 3_600_000 })
    const silence = heartbeats(world, ...workers)
    world.deploy('web', { replicas: 3 })
    world.clock.advance(20_000)
    silence('worker-1')
    // The last renewal is up to 10 s old, and the look at the nodes comes every 5 s.
    world.clock.advance(39_000)
    expect(readyOf(world, 'worker-1')).toBe('True')
    // The NoExecute taint may come one look later.
    world.clock.advance(23_000)
    const node = nodeNamed(world, 'worker-1')
    expect(node.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    })
    expect(node.spec.taints?.map(({ key, effect }) => `${key}:${effect}`).sort()).toEqual([
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/unreachable:NoSchedule',
    ])
    const there = (): Pod[] => world.pods().filter(({ spec }) => spec.nodeName === 'worker-1')
    expect(there().map(isReady)).toEqual([false])
    expect(world.pods().filter(isReady).length).toBe(2)
    world.clock.advance(285_000)
    expect(there().some(isTerminating)).toBe(false)
    world.clock.advance(20_000)
    expect(there().map(isTerminating)).toEqual([true])
    expect(there()[0]?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason).toBe(
      'DeletionByTaintManager',
    )
    // Its replacement is elsewhere; the pod itself stays until its node speaks again or is deleted.
    expect(world.pods().filter(isReady).length).toBe(3)
    world.api.delete('nodes', '', 'worker-1')
    world.clock.advance(90_000)
    expect(there()).toEqual([])
  })

  it('forgives a node that speaks again in time', () => {
    const world = new FakeWorld({ registry: true })
    const silence = heartbeats(world, ...workers)
    world.deploy('web', { replicas: 3 })
    world.clock.advance(20_000)
    silence('worker-1')
    world.clock.advance(100_000)
    expect(readyOf(world, 'worker-1')).toBe('Unknown')
    heartbeats(world, 'worker-1')
    const node = nodeNamed(world, 'worker-1')
    const conditions = withCondition(node.status?.conditions, {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
    })
    world.api.updateStatus<Node>('nodes', { ...node, status: { ...node.status, conditions } })
    world.clock.advance(10_000)
    expect(nodeNamed(world, 'worker-1').spec.taints).toBeUndefined()
    expect(world.api.events.some(({ message }) => message.startsWith('Cancelling deletion of Pod'))).toBe(
      true,
    )
    world.clock.advance(400_000)
    expect(world.pods().filter(isTerminating)).toEqual([])
  })

  it('evicts from nothing when every node is silent: then it is the control plane that is cut off', () => {
    const world = new FakeWorld({ registry: true })
    const silence = heartbeats(world, ...workers)
    world.deploy('web', { replicas: 3 })
    world.clock.advance(20_000)
    workers.forEach(silence)
    world.clock.advance(500_000)
    expect(workers.map(name => readyOf(world, name))).toEqual(['Unknown', 'Unknown', 'Unknown'])
    expect(world.pods().filter(isTerminating)).toEqual([])
  })
})

it('gives each namespace its service account and CA, and gives them back when they are deleted', () => {
  const world = new FakeWorld({ registry: true })
  world.api.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } })
  world.clock.advance(100)
  const names = (resource: 'serviceaccounts' | 'configmaps'): string[] =>
    world.api.list(resource, 'team').map(({ metadata }) => metadata.name)
  expect([names('serviceaccounts'), names('configmaps')]).toEqual([['default'], ['kube-root-ca.crt']])
  world.api.delete('serviceaccounts', 'team', 'default')
  world.api.delete('configmaps', 'team', 'kube-root-ca.crt')
  world.clock.advance(100)
  expect([names('serviceaccounts'), names('configmaps')]).toEqual([['default'], ['kube-root-ca.crt']])
  world.api.delete('namespaces', '', 'team')
  world.clock.advance(100)
  expect(world.api.get('namespaces', '', 'team')).toBeNull()
})
