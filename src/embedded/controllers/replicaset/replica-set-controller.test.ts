import { describe, expect, it } from 'vitest'
import { present } from '../../../base/assert.ts'
import { controllerOf } from '../owners.ts'
import { isReady, isTerminating } from '../pods.ts'
import { FakeWorld } from '../testing/fake-world.ts'

describe('the ReplicaSet controller', () => {
  it('replaces a pod as soon as it is marked for deletion', () => {
    const world = new FakeWorld({ endMs: () => 30_000 })
    world.deploy('web', { replicas: 3 })
    world.clock.advance(5000)
    world.api.delete('pods', 'default', present(world.pods()[0], 'a pod').metadata.name)
    world.clock.advance(50)
    expect(world.pods().filter(isTerminating).length).toBe(1)
    expect(world.pods().length).toBe(4)
  })

  it('names pods after itself and owns them', () => {
    const world = new FakeWorld()
    world.deploy('web', { replicas: 1 })
    world.clock.advance(5000)
    const [pod] = world.pods()
    const [replicaSet] = world.replicaSets()
    expect(pod?.metadata.name).toMatch(new RegExp(`^${replicaSet?.metadata.name ?? ''}-\\w{5}$`))
    expect(controllerOf(present(pod, 'a pod'))?.uid).toBe(replicaSet?.metadata.uid)
    expect(world.api.events.some(({ reason }) => reason === 'SuccessfulCreate')).toBe(true)
  })

  it('takes a pod as available only after minReadySeconds', () => {
    const world = new FakeWorld({ readyMs: () => 500 })
    world.deploy('web', { replicas: 2, minReadySeconds: 5 })
    const whenUs = (holds: () => boolean): number => {
      while (!holds()) world.clock.advance(10)
      return world.clock.nowUs()
    }
    const readyUs = whenUs(() => world.pods().filter(isReady).length === 2)
    const availableUs = whenUs(() => world.deployment('web').status?.availableReplicas === 2)
    expect(availableUs - readyUs).toBeGreaterThanOrEqual(5_000_000)
    expect(availableUs - readyUs).toBeLessThan(6_100_000)
  })

  it('releases a pod whose labels leave the selector, and replaces it', () => {
    const world = new FakeWorld()
    world.deploy('web', { replicas: 2 })
    world.clock.advance(5000)
    const pod = present(world.pods()[0], 'a pod')
    world.api.update('pods', { ...pod, metadata: { ...pod.metadata, labels: { app: 'debug' } } })
    world.clock.advance(5000)
    expect(world.pods().length).toBe(3)
    const free = world.pods().find(({ metadata }) => metadata.name === pod.metadata.name)
    expect(controllerOf(present(free, 'the pod'))).toBeNull()
    world.api.update('pods', {
      ...present(free, 'the pod'),
      metadata: { ...present(free, 'the pod').metadata, labels: { ...pod.metadata.labels } },
    })
    world.clock.advance(5000)
    expect(world.pods().length).toBe(2)
  })
})
