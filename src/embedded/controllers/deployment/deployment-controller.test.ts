import { describe, expect, it } from 'vitest'
import { present } from '../../../base/assert.ts'
import type { Condition, ReplicaSet } from '../../../kube/types.ts'
import { findCondition } from '../conditions.ts'
import { isReady, isTerminating } from '../pods.ts'
import { FakeWorld } from '../testing/fake-world.ts'
import { revisionOf } from './annotations.ts'
import { templateHash } from './template-hash.ts'

function progressing(world: FakeWorld): Condition {
  return present(findCondition(world.deployment('web').status?.conditions, 'Progressing'), 'Progressing')
}

function sizes(world: FakeWorld): Record<string, number> {
  return Object.fromEntries(
    world
      .replicaSets()
      .map(({ spec }) => [spec.template.spec.containers[0]?.image ?? '', spec.replicas ?? 0]),
  )
}

function running(replicas: number, spec: Parameters<FakeWorld['deploy']>[1] = {}): FakeWorld {
  const world = new FakeWorld({ readyMs: pod => (pod.spec.containers[0]?.image === 'broken' ? null : 500) })
  world.deploy('web', { replicas, ...spec })
  world.clock.advance(5000)
  return world
}

describe('the Deployment controller', () => {
  it('rolls out, numbers the revision and says so', () => {
    const world = running(3)
    const { metadata, status } = world.deployment('web')
    expect(status).toMatchObject({ replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 })
    expect(metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1')
    expect(progressing(world)).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' })
    const [replicaSet] = world.replicaSets()
    expect(replicaSet?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    })
    expect(replicaSet?.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]+$/)
    const scaled = world.api.events.filter(({ reason }) => reason === 'ScalingReplicaSet')
    expect(scaled.map(({ message }) => message)).toEqual([
      `Scaled up replica set ${replicaSet?.metadata.name ?? ''} from 0 to 3`,
    ])
  })

  it('reuses the old ReplicaSet with a new revision when an old template returns', () => {
    const world = running(2)
    world.roll('web', 'v2')
    world.clock.advance(10_000)
    world.roll('web', 'v1')
    world.clock.advance(10_000)
    expect(sizes(world)).toEqual({ v1: 2, v2: 0 })
    expect(world.replicaSets().map(revisionOf).sort()).toEqual([2, 3])
    expect(world.deployment('web').metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3')
  })

  it('keeps revisionHistoryLimit old ReplicaSets', () => {
    const world = running(1, { revisionHistoryLimit: 1 })
    for (const image of ['v2', 'v3', 'v4']) {
      world.roll('web', image)
      world.clock.advance(10_000)
    }
    expect(sizes(world)).toEqual({ v3: 0, v4: 1 })
  })

  it('reports a missed progress deadline, goes on, and recovers by an undo', () => {
    const world = running(4, { progressDeadlineSeconds: 10 })
    world.roll('web', 'broken')
    world.clock.advance(8000)
    expect(progressing(world).reason).toBe('ReplicaSetUpdated')
    world.clock.advance(6000)
    expect(progressing(world)).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' })
    expect(sizes(world)).toEqual({ v1: 3, broken: 2 })
    expect(world.pods().filter(isReady).length).toBe(3)
    world.roll('web', 'v1')
    world.clock.advance(10_000)
    expect(sizes(world)).toEqual({ v1: 4, broken: 0 })
    expect(progressing(world).reason).toBe('NewReplicaSetAvailable')
  })

  it('rolls nothing while paused, but scales', () => {
    const world = running(2)
    world.edit('web', spec => void (spec.paused = true))
    world.roll('web', 'v2')
    world.clock.advance(5000)
    expect(sizes(world)).toEqual({ v1: 2 })
    expect(progressing(world)).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' })
    world.edit('web', spec => void (spec.replicas = 3))
    world.clock.advance(5000)
    expect(sizes(world)).toEqual({ v1: 3 })
    world.edit('web', spec => void (spec.paused = false))
    world.clock.advance(10_000)
    expect(sizes(world)).toEqual({ v1: 0, v2: 3 })
  })

  it('shares a scaling out in proportion while a rollout is stuck', () => {
    const world = running(10, { strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } })
    world.roll('web', 'broken')
    world.clock.advance(5000)
    expect(sizes(world)).toEqual({ v1: 8, broken: 5 })
    world.edit('web', spec => void (spec.replicas = 15))
    world.clock.advance(5000)
    // 18 pods in all: 8 and 5 of 13 become 11 and 7.
    expect(sizes(world)).toEqual({ v1: 11, broken: 7 })
  })

  it('with Recreate starts new pods only when the old ones are gone', () => {
    const world = running(3, { strategy: { type: 'Recreate' } })
    let overlap = false
    world.api.onWrite = () => {
      const images = new Set(world.pods().map(({ spec }) => spec.containers[0]?.image))
      overlap ||= images.size > 1
    }
    world.roll('web', 'v2')
    world.clock.advance(500)
    expect(world.pods().every(isTerminating)).toBe(true)
    world.clock.advance(10_000)
    expect(overlap).toBe(false)
    expect(sizes(world)).toEqual({ v1: 0, v2: 3 })
    expect(world.deployment('web').status?.availableReplicas).toBe(3)
  })

  it('gives way to a foreign ReplicaSet of the same name by another hash', () => {
    const world = new FakeWorld()
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'v1' }] },
    }
    const foreign: ReplicaSet = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: `web-${templateHash(template, 0)}`, namespace: 'default' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'other' } },
        template: { spec: { containers: [] } },
      },
    }
    world.api.create('replicasets', foreign)
    world.deploy('web', { replicas: 1, template })
    world.clock.advance(5000)
    expect(world.deployment('web').status).toMatchObject({ collisionCount: 1, availableReplicas: 1 })
  })
})
