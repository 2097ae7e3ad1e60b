import { describe, expect, it } from 'vitest'
import { present } from '../../../base/assert.ts'
import type { Node, Pod } from '../../../kube/types.ts'
import type { ControllerRevision, DaemonSet } from '../../workload-types.ts'
import { isReady, isTerminating } from '../pods.ts'
import type { WorldOptions } from '../testing/fake-world.ts'
import { FakeWorld, worker } from '../testing/fake-world.ts'

type Spec = DaemonSet['spec']

function worldWith(spec: Partial<Spec> = {}, options: WorldOptions = {}): FakeWorld {
  const world = new FakeWorld({ registry: true, ...options })
  world.api.create('daemonsets', {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: {
        metadata: { labels: { app: 'agent' } },
        spec: { containers: [{ name: 'main', image: 'v1' }] },
      },
      ...spec,
    },
  })
  return world
}

function setOf(world: FakeWorld): DaemonSet {
  return present(world.api.get<DaemonSet>('daemonsets', 'default', 'agent'), 'agent')
}

function setImage(world: FakeWorld, image: string): void {
  const set = setOf(world)
  set.spec.template.spec.containers = [{ name: 'main', image }]
  world.api.update('daemonsets', set)
}

function byNode(world: FakeWorld): Record<string, string | undefined> {
  const living = world.pods().filter(pod => !isTerminating(pod))
  const entries = living.map(({ spec }) => [spec.nodeName ?? '', spec.containers[0]?.image] as const)
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)))
}

function editNode(world: FakeWorld, name: string, spec: Node['spec']): void {
  const node = present(world.api.get<Node>('nodes', '', name), name)
  world.api.update('nodes', { ...node, spec })
}

const everywhere = { 'worker-1': 'v1', 'worker-2': 'v1', 'worker-3': 'v1' }

describe('a DaemonSet', () => {
  it('has one pod on each node, bound by name, with the tolerations and labels of a real one', () => {
    const world = worldWith()
    world.clock.advance(5000)
    expect(byNode(world)).toEqual(everywhere)
    const [pod] = world.pods()
    expect(pod?.metadata.labels?.['pod-template-generation']).toBe('1')
    expect(pod?.spec.affinity).toEqual({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchFields: [{ key: 'metadata.name', operator: 'In', values: [pod?.spec.nodeName] }] },
          ],
        },
      },
    })
    expect(pod?.spec.tolerations?.map(({ key, effect }) => `${key ?? ''}:${effect ?? ''}`)).toEqual([
      'node.kubernetes.io/not-ready:NoExecute',
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/disk-pressure:NoSchedule',
      'node.kubernetes.io/memory-pressure:NoSchedule',
      'node.kubernetes.io/pid-pressure:NoSchedule',
      'node.kubernetes.io/unschedulable:NoSchedule',
    ])
    expect(setOf(world).status).toEqual({
      currentNumberScheduled: 3,
      desiredNumberScheduled: 3,
      numberAvailable: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
    })
  })

  it('comes to a new node and to a cordoned one, and leaves a tainted one alone or goes, by the effect', () => {
    const world = worldWith()
    world.clock.advance(5000)
    editNode(world, 'worker-1', { unschedulable: true })
    world.addNode(worker('worker-4'))
    world.clock.advance(5000)
    expect(byNode(world)).toEqual({ ...everywhere, 'worker-4': 'v1' })
    editNode(world, 'worker-2', { taints: [{ key: 'k', effect: 'NoSchedule' }] })
    editNode(world, 'worker-3', { taints: [{ key: 'k', effect: 'NoExecute' }] })
    world.clock.advance(5000)
    expect(Object.keys(byNode(world))).toEqual(['worker-1', 'worker-2', 'worker-4'])
    expect(setOf(world).status).toMatchObject({ desiredNumberScheduled: 2, numberMisscheduled: 1 })
  })

  it('rolls one node after the other, old pod first', () => {
    const world = worldWith({}, { endMs: () => 2000 })
    world.clock.advance(5000)
    let fewest = 3
    let most = 0
    world.api.onWrite = () => {
      const living = world.pods().filter(pod => !isTerminating(pod))
      fewest = Math.min(fewest, living.filter(isReady).length)
      most = Math.max(most, world.pods().length)
    }
    setImage(world, 'v2')
    world.clock.advance(30_000)
    expect(new Set(Object.values(byNode(world)))).toEqual(new Set(['v2']))
    expect([fewest, most]).toEqual([2, 3])
    expect(setOf(world).metadata.annotations?.['deprecated.daemonset.template.generation']).toBe('2')
    const revisions = world.api.list<ControllerRevision>('controllerrevisions', 'default')
    expect(revisions.map(({ revision }) => revision)).toEqual([1, 2])
  })

  it('with maxSurge keeps the old pod until the new one is available', () => {
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 }
    const world = worldWith({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } })
    world.clock.advance(5000)
    let fewest = 3
    let mostLiving = 0
    world.api.onWrite = () => {
      const living = world.pods().filter(pod => !isTerminating(pod))
      fewest = Math.min(fewest, living.filter(isReady).length)
      mostLiving = Math.max(mostLiving, living.length)
    }
    setImage(world, 'v2')
    world.clock.advance(30_000)
    expect(new Set(Object.values(byNode(world)))).toEqual(new Set(['v2']))
    expect([fewest, mostLiving]).toEqual([3, 4])
  })

  it('with OnDelete replaces what is deleted', () => {
    const world = worldWith({ updateStrategy: { type: 'OnDelete' } })
    world.clock.advance(5000)
    setImage(world, 'v2')
    world.clock.advance(5000)
    expect(byNode(world)).toEqual(everywhere)
    const pod = present(
      world.pods().find(({ spec }) => spec.nodeName === 'worker-2'),
      'a pod',
    )
    world.api.delete('pods', 'default', pod.metadata.name)
    world.clock.advance(5000)
    expect(byNode(world)).toEqual({ ...everywhere, 'worker-2': 'v2' })
  })

  it('replaces a pod that failed, later each time', () => {
    const world = worldWith({}, { readyMs: () => 1 })
    world.clock.advance(5000)
    const fail = (): void => {
      for (const pod of world.pods().filter(({ spec }) => spec.nodeName === 'worker-1'))
        world.api.updateStatus<Pod>('pods', { ...pod, status: { ...pod.status, phase: 'Failed' } })
    }
    fail()
    world.clock.advance(100)
    expect(world.api.events.filter(({ reason }) => reason === 'FailedDaemonPod').length).toBe(1)
    fail()
    world.clock.advance(500)
    expect(world.api.events.filter(({ reason }) => reason === 'FailedDaemonPod').length).toBe(1)
    world.clock.advance(3000)
    expect(world.api.events.filter(({ reason }) => reason === 'FailedDaemonPod').length).toBe(2)
    expect(byNode(world)).toEqual(everywhere)
  })
})
