import { describe, expect, it } from 'vitest'
import { present } from '../../../base/assert.ts'
import type { Pod } from '../../../kube/types.ts'
import type { ControllerRevision, StatefulSet, StatefulSetStatus } from '../../workload-types.ts'
import { sortedRevisions } from '../history/controller-revisions.ts'
import { controllerOf } from '../owners.ts'
import { isTerminating } from '../pods.ts'
import type { WorldOptions } from '../testing/fake-world.ts'
import { FakeWorld } from '../testing/fake-world.ts'

type Spec = StatefulSet['spec']

function worldWith(spec: Partial<Spec> = {}, options: WorldOptions = {}): FakeWorld {
  const world = new FakeWorld({ registry: true, ...options })
  world.api.create('statefulsets', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default', annotations: { note: 'one' } },
    spec: {
      replicas: 3,
      serviceName: 'web',
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image: 'v1' }] },
      },
      ...spec,
    },
  })
  return world
}

function setOf(world: FakeWorld): StatefulSet {
  return present(world.api.get<StatefulSet>('statefulsets', 'default', 'web'), 'web')
}

function edit(world: FakeWorld, change: (spec: Spec) => void): void {
  const set = setOf(world)
  change(set.spec)
  world.api.update('statefulsets', set)
}

function setImage(world: FakeWorld, image: string): void {
  edit(world, ({ template }) => void (template.spec.containers = [{ name: 'main', image }]))
}

function images(world: FakeWorld): Record<string, string | undefined> {
  return Object.fromEntries(
    world.pods().map(({ metadata, spec }) => [metadata.name, spec.containers[0]?.image]),
  )
}

function revisions(world: FakeWorld): ControllerRevision[] {
  return sortedRevisions(world.api.list<ControllerRevision>('controllerrevisions', 'default'))
}

/** Comings and goings of pods: `+web-0`, `~web-0` when it is marked for deletion, `-web-0`. */
function podLog(world: FakeWorld): string[] {
  const log: string[] = []
  world.api.watch<Pod>('pods', (type, pod, previous) => {
    const { name } = pod.metadata
    if (type === 'ADDED') log.push(`+${name}`)
    else if (type === 'DELETED') log.push(`-${name}`)
    else if (isTerminating(pod) && previous !== null && !isTerminating(previous)) log.push(`~${name}`)
  })
  return log
}

/** The short form in which the sequence of a real 1.34 cluster was noted: replicas/ready/current/updated. */
function counts(status: StatefulSetStatus): string {
  const { replicas, readyReplicas = 0, currentReplicas = 0, updatedReplicas = 0 } = status
  return `${replicas}/${readyReplicas}/${currentReplicas}/${updatedReplicas}`
}

function statusLog(world: FakeWorld): string[] {
  const log: string[] = []
  world.api.onWrite = (resource, object) => {
    const { status } = object as StatefulSet
    if (resource !== 'statefulsets' || status === undefined) return
    if (log.at(-1) !== counts(status)) log.push(counts(status))
  }
  return log
}

describe('an OrderedReady StatefulSet', () => {
  it('starts one pod after the other, each with its stable identity', () => {
    const world = worldWith()
    const log = podLog(world)
    world.clock.advance(10_000)
    expect(log).toEqual(['+web-0', '+web-1', '+web-2'])
    const pod = present(world.pods().at(-1), 'web-2')
    expect(pod.metadata).toMatchObject({
      generateName: 'web-',
      labels: {
        app: 'web',
        'apps.kubernetes.io/pod-index': '2',
        'statefulset.kubernetes.io/pod-name': 'web-2',
        'controller-revision-hash': setOf(world).status?.currentRevision,
      },
    })
    expect(pod.spec).toMatchObject({ hostname: 'web-2', subdomain: 'web' })
    const { currentRevision } = setOf(world).status ?? {}
    expect(setOf(world).status).toEqual({
      availableReplicas: 3,
      collisionCount: 0,
      currentReplicas: 3,
      currentRevision,
      observedGeneration: 1,
      readyReplicas: 3,
      replicas: 3,
      updateRevision: currentRevision,
      updatedReplicas: 3,
    })
  })

  it('rolls from the highest ordinal down, with the status of a real cluster on the way', () => {
    const world = worldWith()
    world.clock.advance(10_000)
    const [pods, statuses] = [podLog(world), statusLog(world)]
    world.clock.advance(10)
    setImage(world, 'v2')
    world.clock.advance(20_000)
    expect(pods.slice(3)).toEqual(
      [2, 1, 0].flatMap(ordinal => [`~web-${ordinal}`, `-web-${ordinal}`, `+web-${ordinal}`]),
    )
    // As observed, without the moment in which a terminating pod is no longer ready, which this stand-in's kubelet skips.
    expect(statuses).toEqual([
      ...['3/3/3/3', '3/3/2/0', '2/2/2/0', '3/2/2/1', '3/3/1/1', '2/2/1/1', '3/2/1/2'],
      ...['3/3/0/2', '2/2/0/2', '3/2/0/3', '3/3/3/3'],
    ])
    expect(images(world)).toEqual({ 'web-0': 'v2', 'web-1': 'v2', 'web-2': 'v2' })
    const { currentRevision, updateRevision } = setOf(world).status ?? {}
    expect(currentRevision).toBe(updateRevision)
    expect(world.api.events.filter(({ reason }) => reason.startsWith('Successful')).at(-1)).toEqual({
      about: 'web',
      reason: 'SuccessfulCreate',
      message: 'create Pod web-0 in StatefulSet web successful',
    })
  })

  it('scales down from the highest ordinal, one at a time', () => {
    const world = worldWith()
    world.clock.advance(10_000)
    const log = podLog(world)
    world.clock.advance(10)
    edit(world, spec => void (spec.replicas = 1))
    world.clock.advance(10_000)
    expect(log.slice(3)).toEqual(['~web-2', '-web-2', '~web-1', '-web-1'])
  })

  it('waits for a pod that is terminating before it makes its successor', () => {
    const world = worldWith({}, { endMs: () => 30_000 })
    world.clock.advance(10_000)
    const log = podLog(world)
    world.clock.advance(10)
    world.api.delete('pods', 'default', 'web-1')
    world.clock.advance(29_000)
    expect(log.slice(3)).toEqual(['~web-1'])
    world.clock.advance(5000)
    expect(log.slice(3)).toEqual(['~web-1', '-web-1', '+web-1'])
  })

  it('does not replace a pod that never gets ready, even by a good template, until it is deleted', () => {
    const readyMs = ({ spec }: Pod): number | null => (spec.containers[0]?.image === 'broken' ? null : 500)
    const world = worldWith({}, { readyMs })
    world.clock.advance(10_000)
    setImage(world, 'broken')
    world.clock.advance(10_000)
    expect(images(world)).toEqual({ 'web-0': 'v1', 'web-1': 'v1', 'web-2': 'broken' })
    setImage(world, 'v1')
    world.clock.advance(60_000)
    expect(images(world)['web-2']).toBe('broken')
    world.api.delete('pods', 'default', 'web-2')
    world.clock.advance(10_000)
    expect(images(world)['web-2']).toBe('v1')
  })

  it('rolls only ordinals at or above the partition, and restores those below from the old revision', () => {
    const world = worldWith({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })
    world.clock.advance(10_000)
    setImage(world, 'v2')
    world.clock.advance(10_000)
    expect(images(world)).toEqual({ 'web-0': 'v1', 'web-1': 'v1', 'web-2': 'v2' })
    world.api.delete('pods', 'default', 'web-0')
    world.clock.advance(10_000)
    expect(images(world)['web-0']).toBe('v1')
    expect(setOf(world).status).toMatchObject({ currentReplicas: 2, updatedReplicas: 1 })
  })

  it('waits minReadySeconds for each pod', () => {
    const world = worldWith({ minReadySeconds: 5, replicas: 2 })
    world.clock.advance(4000)
    expect(world.pods().length).toBe(1)
    world.clock.advance(4000)
    expect(world.pods().length).toBe(2)
    world.clock.advance(10_000)
    expect(setOf(world).status?.availableReplicas).toBe(2)
  })
})

describe('a StatefulSet', () => {
  it('that is Parallel starts all pods at once, and still rolls one by one', () => {
    const world = worldWith({ podManagementPolicy: 'Parallel' })
    world.clock.advance(100)
    expect(world.pods().length).toBe(3)
    world.clock.advance(5000)
    setImage(world, 'v2')
    world.clock.advance(100)
    expect(world.pods().filter(isTerminating).length).toBe(1)
    world.clock.advance(20_000)
    expect(new Set(Object.values(images(world)))).toEqual(new Set(['v2']))
  })

  it('with OnDelete replaces what is deleted, and nothing else', () => {
    const world = worldWith({ updateStrategy: { type: 'OnDelete' } })
    world.clock.advance(10_000)
    setImage(world, 'v2')
    world.clock.advance(10_000)
    expect(new Set(Object.values(images(world)))).toEqual(new Set(['v1']))
    world.api.delete('pods', 'default', 'web-1')
    world.clock.advance(10_000)
    expect(images(world)).toEqual({ 'web-0': 'v1', 'web-1': 'v2', 'web-2': 'v1' })
  })

  it('counts ordinals from spec.ordinals.start, and makes a claim per pod that outlives it', () => {
    const resources = { requests: { storage: '1Gi' } }
    const template = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources } }
    // Nobody makes volumes here, so no pod gets ready: all come at once.
    const world = worldWith({
      podManagementPolicy: 'Parallel',
      ordinals: { start: 5 },
      replicas: 2,
      volumeClaimTemplates: [template],
    })
    world.clock.advance(10_000)
    expect(Object.keys(images(world))).toEqual(['web-5', 'web-6'])
    expect(world.pods()[0]?.spec.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'data-web-5' },
    })
    edit(world, spec => void (spec.replicas = 0))
    world.clock.advance(10_000)
    const claims = world.api.list('persistentvolumeclaims', 'default')
    expect(claims.map(({ metadata }) => metadata.name)).toEqual(['data-web-5', 'data-web-6'])
  })

  it('lets its claims go with a pod too many, or with itself, where it says so', () => {
    const resources = { requests: { storage: '1Gi' } }
    const template = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources } }
    const world = worldWith({
      podManagementPolicy: 'Parallel',
      replicas: 2,
      volumeClaimTemplates: [template],
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' },
    })
    const claims = (): string[] =>
      world.api.list('persistentvolumeclaims', 'default').map(({ metadata }) => metadata.name)
    world.clock.advance(10_000)
    edit(world, spec => void (spec.replicas = 1))
    world.clock.advance(10_000)
    expect(claims()).toEqual(['data-web-0'])
    world.api.delete('statefulsets', 'default', 'web')
    world.clock.advance(10_000)
    expect(claims()).toEqual([])
  })

  it('takes an old revision up again under a new number, and forgets those beyond the limit', () => {
    const world = worldWith({ revisionHistoryLimit: 1, replicas: 1 })
    world.clock.advance(5000)
    const first = setOf(world).status?.updateRevision
    for (const image of ['v2', 'v1']) {
      setImage(world, image)
      world.clock.advance(10_000)
    }
    expect(setOf(world).status?.updateRevision).toBe(first)
    expect(revisions(world).map(({ revision }) => revision)).toEqual([2, 3])
    expect(controllerOf(present(revisions(world)[0], 'a revision'))?.kind).toBe('StatefulSet')
    for (const image of ['v3', 'v4', 'v5']) {
      setImage(world, image)
      world.clock.advance(10_000)
    }
    expect(revisions(world).map(({ revision }) => revision)).toEqual([5, 6])
  })

  it('lets go of its pods with it', () => {
    const world = worldWith()
    world.clock.advance(10_000)
    world.api.delete('statefulsets', 'default', 'web')
    world.clock.advance(10_000)
    expect(world.pods()).toEqual([])
    expect(revisions(world)).toEqual([])
  })
})
