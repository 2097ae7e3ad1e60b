/**
 * What must hold whatever happens (semantics §12, invariants 1 to 4 and 7), tried on random schedules of what
 * people do to a Deployment. A failure prints the seed and the shortest schedule that shows it.
 */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { present } from '../../base/assert.ts'
import { seededRandom } from '../../base/random.ts'
import type { EndpointSlice, Node, Pod, PodDisruptionBudget, ReplicaSet } from '../../kube/types.ts'
import type { ForwardingTable } from '../../model/forwarding.ts'
import { ApiError } from '../cluster-api.ts'
import { KubeProxy } from '../proxy/kube-proxy.ts'
import { defaultSettings } from '../settings.ts'
import { desiredReplicasOf } from './deployment/annotations.ts'
import type { Fenceposts } from './deployment/fenceposts.ts'
import { fencepostsOf } from './deployment/fenceposts.ts'
import { isReady, isTerminating } from './pods.ts'
import { FakeWorld } from './testing/fake-world.ts'

const shape = fc.record({
  seed: fc.nat(),
  replicas: fc.integer({ min: 1, max: 5 }),
  maxSurge: fc.constantFrom<(number | string)[]>(0, 1, 2, '25%', '100%'),
  maxUnavailable: fc.constantFrom<(number | string)[]>(0, 1, '25%', '50%'),
  minReadySeconds: fc.constantFrom(0, 0, 2),
  startMs: fc.integer({ min: 1, max: 3000 }),
  endMs: fc.integer({ min: 1, max: 20_000 }),
})
const actions = ['scale', 'roll', 'delete', 'drain', 'uncordon', 'flip', 'pause', 'resume'] as const
const action = fc.record({
  afterMs: fc.integer({ min: 0, max: 2500 }),
  what: fc.constantFrom(...actions),
  which: fc.nat({ max: 20 }),
})

type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

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
    registry: true,
    readyMs: () => world.random.between(1, startMs),
    endMs: () => world.random.between(1, endMs),
  })
  world.api.create('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
  } as Parameters<typeof world.api.create>[1])
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
  }
  world.api.create('poddisruptionbudgets', budget)
  const bothZero = [maxSurge, maxUnavailable].every(value => Number.parseInt(String(value), 10) === 0)
  const rollingUpdate = { maxSurge: bothZero ? 1 : maxSurge, maxUnavailable }
  world.deploy('web', { replicas, minReadySeconds, strategy: { type: 'RollingUpdate', rollingUpdate } })
  return world
}

/** How many of a ReplicaSet's pods were available lately: what a controller has seen may be some milliseconds old. */
class Lately {
  readonly #seen = new Map<string, { atUs: number; available: number }[]>()

  note({ metadata, status }: ReplicaSet, nowUs: number): void {
    const seen = this.#seen.get(metadata.name) ?? []
    this.#seen.set(metadata.name, [...seen, { atUs: nowUs, available: status?.availableReplicas ?? 0 }])
  }

  most(name: string, nowUs: number): number {
    return Math.max(...this.#views(name, nowUs))
  }

  least(name: string, nowUs: number): number {
    return Math.min(...this.#views(name, nowUs))
  }

  #views(name: string, nowUs: number): number[] {
    const seen = this.#seen.get(name) ?? []
    const old = seen.findLast(({ atUs }) => atUs < nowUs - 50_000)
    const recent = seen.filter(({ atUs }) => atUs >= nowUs - 50_000)
    return [old?.available ?? 0, ...recent.map(({ available }) => available)]
  }
}

/** Invariants 2 and 3, at each write of a ReplicaSet, while nobody is scaling. */
function watchReplicaSets(world: FakeWorld): (next: ReplicaSet) => void {
  const before = new Map<string, ReplicaSet>()
  const lately = new Lately()
  return next => {
    const nowUs = world.clock.nowUs()
    const all = world.replicaSets()
    const previous = before.get(next.metadata.name)
    const fenceposts = fencepostsOf(world.deployment('web').spec)
    const others = all.filter(({ metadata }) => metadata.name !== next.metadata.name)
    const isScaling = [...others, ...(previous === undefined ? [] : [previous]), next].some(
      one => (one.spec.replicas ?? 0) > 0 && desiredReplicasOf(one) !== fenceposts.replicas,
    )
    lately.note(next, nowUs)
    before.set(next.metadata.name, structuredClone(next))
    if (isScaling || world.deployment('web').spec.paused === true) return
    const total = all.reduce((sum, { spec }) => sum + (spec.replicas ?? 0), 0)
    expect(total, 'total spec').toBeLessThanOrEqual(fenceposts.replicas + fenceposts.surge)
    const cut = (previous?.spec.replicas ?? 0) > (next.spec.replicas ?? 0)
    // Whoever has seen that its pods are not available any more takes nothing away.
    const takes = lately.least(next.metadata.name, nowUs) > (next.spec.replicas ?? 0)
    if (cut && takes) checkCut(fenceposts, next, others, name => lately.most(name, nowUs))
  }
}

function checkCut(
  { replicas, unavailable }: Fenceposts,
  next: ReplicaSet,
  others: readonly ReplicaSet[],
  available: (name: string) => number,
): void {
  const size = next.spec.replicas ?? 0
  const own = available(next.metadata.name)
  const lost = Math.max(0, own - size)
  if (lost === 0) return
  const rest = others.reduce((sum, { metadata }) => sum + available(metadata.name), 0)
  expect(own - lost + rest, 'available after a cut').toBeGreaterThanOrEqual(replicas - unavailable)
}

function startProxies(world: FakeWorld): Map<string, ForwardingTable> {
  const tables = new Map<string, ForwardingTable>()
  for (const node of ['worker-1', 'worker-2', 'worker-3'])
    new KubeProxy({
      api: world.api,
      clock: world.clock,
      settings: defaultSettings,
      random: seededRandom(1),
      node,
      silentAddress: () => ({ address: '127.9.255.253', port: 1 }),
      publish: table => void tables.set(table.node, table),
    }).start()
  return tables
}

/** Invariant 4. */
function evict(world: FakeWorld, { metadata, status }: Pod): void {
  const budget = present(world.api.get<PodDisruptionBudget>('poddisruptionbudgets', 'default', 'web'), 'web')
  const pod = present(world.api.get<Pod>('pods', 'default', metadata.name), metadata.name)
  const isProtected = status?.phase === 'Running' && isReady(pod) && !isTerminating(pod)
  try {
    world.api.evict('default', metadata.name)
    if (isProtected) expect(budget.status?.disruptionsAllowed).toBeGreaterThan(0)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 429) throw error
  }
}

function setCordon(world: FakeWorld, name: string, unschedulable: boolean): void {
  const node = present(world.api.get<Node>('nodes', '', name), name)
  world.api.update<Node>('nodes', { ...node, spec: { ...node.spec, unschedulable } })
}

function act(world: FakeWorld, { what, which }: Action, at: number): void {
  const node = `worker-${1 + (which % 3)}`
  const pods = world.pods()
  const pod = pods[which % Math.max(1, pods.length)]
  switch (what) {
    case 'scale':
      return world.edit('web', spec => void (spec.replicas = 1 + (which % 6)))
    case 'roll':
      return world.roll('web', `v${at + 2}`)
    case 'pause':
    case 'resume':
      return world.edit('web', spec => void (spec.paused = what === 'pause'))
    case 'delete':
      if (pod !== undefined) world.api.delete('pods', 'default', pod.metadata.name)
      return
    case 'flip':
      if (pod === undefined || !isReady(pod)) return
      world.setReady(pod.metadata.name, false)
      world.clock.after(700, () => world.setReady(pod.metadata.name, true))
      return
    case 'drain':
      setCordon(world, node, true)
      for (const one of pods) if (one.spec.nodeName === node) evict(world, one)
      return
    case 'uncordon':
      return setCordon(world, node, false)
  }
}

function isSettled(world: FakeWorld): boolean {
  const { metadata, spec, status } = world.deployment('web')
  const counts = [status?.updatedReplicas, status?.replicas, status?.availableReplicas]
  return status?.observedGeneration === metadata.generation && counts.every(count => count === spec.replicas)
}

function settle(world: FakeWorld): void {
  for (let passedMs = 0; passedMs < 240_000 && !isSettled(world); passedMs += 250) world.clock.advance(250)
  expect(isSettled(world)).toBe(true)
}

it('keeps its bounds under scaling, new templates, deletions, drains, lost readiness and pauses, and settles', () => {
  fc.assert(
    fc.property(shape, fc.array(action, { maxLength: 10 }), (one, schedule) => {
      const world = worldOf(one)
      const tables = startProxies(world)
      settle(world)
      const onReplicaSet = watchReplicaSets(world)
      for (const replicaSet of world.replicaSets()) onReplicaSet(replicaSet)
      world.api.onWrite = (resource, object) => {
        if (resource === 'replicasets') onReplicaSet(object as ReplicaSet)
        if (resource !== 'endpointslices') return
        for (const { conditions } of (object as EndpointSlice).endpoints)
          if (conditions?.ready === true) expect(conditions.terminating).toBe(false)
      }
      schedule.forEach((what, at) => {
        world.clock.advance(what.afterMs)
        act(world, what, at)
      })
      world.edit('web', spec => void (spec.paused = false))
      for (const name of ['worker-1', 'worker-2', 'worker-3']) setCordon(world, name, false)
      settle(world)
      // The slice controller's back-off and a proxy's throttle take a second each.
      world.clock.advance(4000)
      const ready = world.pods().filter(pod => isReady(pod) && !isTerminating(pod))
      expect(ready.length).toBeGreaterThan(0)
      const addresses = ready.map(({ status }) => status?.podIP ?? '').sort()
      for (const table of tables.values()) {
        const used = table.services.flatMap(({ endpoints }) => endpoints.map(({ address }) => address))
        expect(used.sort(), `rules of ${table.node}`).toEqual(addresses)
      }
    }),
    { numRuns: 15 },
  )
}, 60_000)
