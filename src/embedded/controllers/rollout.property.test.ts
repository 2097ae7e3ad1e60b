import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { present } from '../../base/assert.ts'
import type { EndpointSlice, Pod, ReplicaSet } from '../../kube/types.ts'
import { fencepostsOf } from './deployment/fenceposts.ts'
import { isAvailable, isReady, isTerminating } from './pods.ts'
import { FakeWorld } from './testing/fake-world.ts'

const amount = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 0, max: 100 }).map(percent => `${percent}%`),
)
const shape = fc.record({
  seed: fc.nat(),
  replicas: fc.integer({ min: 1, max: 6 }),
  maxSurge: amount,
  maxUnavailable: amount,
  minReadySeconds: fc.constantFrom(0, 0, 2),
  startMs: fc.integer({ min: 1, max: 3000 }),
  endMs: fc.integer({ min: 1, max: 5000 }),
})
const disturbance = fc.record({
  afterMs: fc.integer({ min: 0, max: 1500 }),
  kind: fc.constantFrom('lose-readiness', 'delete', 'roll' as const),
  which: fc.nat({ max: 20 }),
})

interface Shape {
  seed: number
  replicas: number
  maxSurge: number | string
  maxUnavailable: number | string
  minReadySeconds: number
  startMs: number
  endMs: number
}

function worldOf({
  seed,
  replicas,
  maxSurge,
  maxUnavailable,
  minReadySeconds,
  startMs,
  endMs,
}: Shape): FakeWorld {
  const world: FakeWorld = new FakeWorld({
    seed,
    readyMs: () => world.random.between(1, startMs),
    endMs: () => world.random.between(1, endMs),
  })
  world.api.create('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
  } as Parameters<typeof world.api.create>[1])
  world.deploy('web', {
    replicas,
    minReadySeconds,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
  })
  advanceUntil(world, () => isSettled(world), 60_000)
  return world
}

function isSettled(world: FakeWorld): boolean {
  const { metadata, spec, status } = world.deployment('web')
  return (
    status?.observedGeneration === metadata.generation &&
    status?.updatedReplicas === spec.replicas &&
    status?.replicas === spec.replicas &&
    status?.availableReplicas === spec.replicas
  )
}

function advanceUntil(world: FakeWorld, done: () => boolean, limitMs: number): void {
  for (let passedMs = 0; passedMs < limitMs && !done(); passedMs += 250) world.clock.advance(250)
  expect(done()).toBe(true)
}

function totalSpec(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((total, { spec }) => total + (spec.replicas ?? 0), 0)
}

function availableCount(world: FakeWorld, minReadySeconds: number): number {
  const nowUs = world.clock.nowUs()
  return world.pods().filter(pod => !isTerminating(pod) && isAvailable(pod, minReadySeconds, nowUs)).length
}

/** A watch's delay, a controller's hop, and a watch again, with room for a conflict in between. */
const seenAfterMs = 50

/**
 * Whether the controller can have seen the ReplicaSet of each update before the next update comes. If not, it counts
 * without that one (a real one reads its caches, too), and asks for too many pods until its next sync.
 */
function leavesTimeToSee(disturbances: readonly { afterMs: number; kind: string }[]): boolean {
  let sinceRollMs = 0
  for (const { afterMs, kind } of disturbances) {
    sinceRollMs += afterMs
    if (kind !== 'roll') continue
    if (sinceRollMs < seenAfterMs) return false
    sinceRollMs = 0
  }
  return true
}

describe('any rolling update', () => {
  it('of healthy pods keeps N-unavailable available, asks for no more than N+surge, and completes', () => {
    fc.assert(
      fc.property(shape, one => {
        const world = worldOf(one)
        const { replicas, surge, unavailable } = fencepostsOf(world.deployment('web').spec)
        world.api.onWrite = resource => {
          if (resource === 'replicasets')
            expect(totalSpec(world.replicaSets())).toBeLessThanOrEqual(replicas + surge)
          if (resource === 'pods') {
            expect(availableCount(world, one.minReadySeconds)).toBeGreaterThanOrEqual(replicas - unavailable)
          }
        }
        world.roll('web', 'v2')
        advanceUntil(world, () => isSettled(world), 120_000)
        world.clock.advance(10_000)
        const images = world.pods().map(({ spec }) => spec.containers[0]?.image)
        expect(images).toEqual(Array.from({ length: replicas }, () => 'v2'))
      }),
      { numRuns: 25 },
    )
  })

  it('under pods that are lost or deleted, and further updates, keeps its bounds (where it can see them) and completes', () => {
    fc.assert(
      fc.property(shape, fc.array(disturbance, { maxLength: 8 }), (one, disturbances) => {
        const world = worldOf(one)
        const { replicas, surge } = fencepostsOf(world.deployment('web').spec)
        const isBounded = leavesTimeToSee(disturbances)
        world.api.onWrite = (resource, object) => {
          if (resource === 'replicasets' && isBounded)
            expect(totalSpec(world.replicaSets())).toBeLessThanOrEqual(replicas + surge)
          if (resource === 'endpointslices') {
            for (const { conditions } of (object as EndpointSlice).endpoints) {
              if (conditions?.ready === true)
                expect(conditions).toMatchObject({ terminating: false, serving: true })
            }
          }
        }
        world.roll('web', 'v2')
        disturbances.forEach((what, at) => {
          world.clock.advance(what.afterMs)
          disturb(world, what, at)
        })
        advanceUntil(world, () => isSettled(world), 180_000)
        world.clock.advance(15_000)
        const slices = world.api.list<EndpointSlice>('endpointslices', 'default')
        const ready = slices.flatMap(({ endpoints }) =>
          endpoints.filter(({ conditions }) => conditions?.ready === true),
        )
        expect(ready.map(({ targetRef }) => targetRef?.name).sort()).toEqual(
          world
            .pods()
            .map(({ metadata }) => metadata.name)
            .sort(),
        )
        expect(ready.length).toBe(replicas)
      }),
      { numRuns: 25 },
    )
  })
})

function disturb(world: FakeWorld, { kind, which }: { kind: string; which: number }, at: number): void {
  if (kind === 'roll') return world.roll('web', `v${3 + at}`)
  const pods: Pod[] = world.pods()
  if (pods.length === 0) return
  const { metadata } = present(pods[which % pods.length], 'a pod')
  if (kind === 'delete') world.api.delete('pods', 'default', metadata.name)
  else if (pods.some(pod => pod.metadata.name === metadata.name && isReady(pod))) {
    world.setReady(metadata.name, false)
    world.clock.after(700, () => world.setReady(metadata.name, true))
  }
}
