import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { present } from '../../base/assert.ts'
import type { KubeEvent, KubeObject, Node, Pod, PodSpec } from '../../kube/types.ts'
import { findCondition } from '../controllers/conditions.ts'
import { FakeWorld } from '../controllers/testing/fake-world.ts'
import { defaultSettings } from '../settings.ts'
import { startStorage } from './start.ts'
import type { PersistentVolume, PersistentVolumeClaim } from './storage-types.ts'
import { isVolumeFolder, volumesFolderOf } from './volume-folders.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A cluster with storage; its kubelets are stand-ins, so no folder of a volume is made by itself. */
class StorageWorld extends FakeWorld {
  readonly directory = mkdtempSync(path.join(os.tmpdir(), 'storage-test-'))

  constructor() {
    super({ registry: true })
    folders.push(this.directory)
    const { api, clock, random, directory } = this
    startStorage({ api, clock, settings: defaultSettings, random, directory })
    clock.advance(50)
  }

  claim(name: string, spec: Partial<PersistentVolumeClaim['spec']> = {}): void {
    this.api.create<PersistentVolumeClaim>('persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: 'default' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        ...spec,
      },
    })
    this.clock.advance(50)
  }

  pod(name: string, claim: string, spec: Partial<PodSpec> = {}): void {
    this.api.create<Pod>('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: {
        containers: [{ name: 'main', image: 'v1' }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
        ...spec,
      },
    })
    this.clock.advance(50)
  }

  claimNamed(name: string): PersistentVolumeClaim | null {
    return this.api.get('persistentvolumeclaims', 'default', name)
  }

  volumes(): PersistentVolume[] {
    return this.api.list('persistentvolumes')
  }

  podNamed(name: string): Pod {
    return present(this.api.get<Pod>('pods', 'default', name), name)
  }

  why(pod: string): string | undefined {
    return findCondition(this.podNamed(pod).status?.conditions, 'PodScheduled')?.message
  }

  reasons(object: KubeObject | null): string[] {
    return this.api
      .list<KubeEvent>('events')
      .filter(({ involvedObject }) => involvedObject.uid === object?.metadata.uid)
      .map(({ reason }) => reason)
  }
}

function cordon(world: FakeWorld, name: string): void {
  const node = present(world.api.get<Node>('nodes', '', name), name)
  world.api.update('nodes', { ...node, spec: { ...node.spec, unschedulable: true } })
  world.clock.advance(50)
}

describe('a claim of the default class', () => {
  it('waits for its first pod, gets a volume on that pod’s node, and the pod is bound after that', () => {
    const world = new StorageWorld()
    world.claim('data')
    expect(world.claimNamed('data')).toMatchObject({
      metadata: { finalizers: ['kubernetes.io/pvc-protection'] },
      spec: { storageClassName: 'standard', volumeMode: 'Filesystem' },
      status: { phase: 'Pending' },
    })
    expect(world.reasons(world.claimNamed('data'))).toEqual(['WaitForFirstConsumer'])
    world.pod('web', 'data')
    expect(world.podNamed('web').spec.nodeName).toBeUndefined()
    world.clock.advance(5000)
    const node = present(world.podNamed('web').spec.nodeName, 'a node')
    const [volume] = world.volumes()
    expect(volume).toMatchObject({
      spec: {
        capacity: { storage: '1Gi' },
        claimRef: { namespace: 'default', name: 'data', uid: world.claimNamed('data')?.metadata.uid },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
            ],
          },
        },
        persistentVolumeReclaimPolicy: 'Delete',
      },
      status: { phase: 'Bound' },
    })
    expect(world.claimNamed('data')).toMatchObject({
      spec: { volumeName: volume?.metadata.name },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    })
    expect(world.reasons(world.claimNamed('data'))).toEqual([
      'WaitForFirstConsumer',
      'ExternalProvisioning',
      'Provisioning',
      'ProvisioningSucceeded',
    ])
  })

  it('holds its pods on one node: a cordoned one leaves the next pod waiting', () => {
    const world = new StorageWorld()
    world.claim('data')
    world.pod('first', 'data')
    world.clock.advance(5000)
    const { nodeName } = world.podNamed('first').spec
    world.pod('second', 'data')
    world.clock.advance(100)
    expect(world.podNamed('second').spec.nodeName).toBe(nodeName)
    cordon(world, nodeName ?? '')
    world.pod('third', 'data')
    world.clock.advance(100)
    expect(world.why('third')).toBe(
      "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match PersistentVolume's node affinity. " +
        'no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    )
  })

  it('is kept while a pod uses it, and takes its volume and folder along', () => {
    const world = new StorageWorld()
    world.claim('data')
    world.pod('web', 'data')
    world.clock.advance(5000)
    const folder = present(world.volumes()[0]?.spec.hostPath?.path, 'a path')
    expect(path.dirname(folder)).toBe(volumesFolderOf(world.directory))
    mkdirSync(folder, { recursive: true })
    world.api.delete('persistentvolumeclaims', 'default', 'data')
    world.clock.advance(1000)
    expect(world.claimNamed('data')?.metadata.deletionTimestamp).toBeDefined()
    world.api.delete('pods', 'default', 'web')
    world.clock.advance(60_000)
    expect(world.claimNamed('data')).toBeNull()
    expect(world.volumes()).toEqual([])
    expect(existsSync(folder)).toBe(false)
  })

  it('cannot be shared between nodes', () => {
    const world = new StorageWorld()
    world.claim('shared', { accessModes: ['ReadWriteMany'] })
    world.pod('web', 'shared')
    world.clock.advance(10_000)
    expect(world.claimNamed('shared')?.status?.phase).toBe('Pending')
    expect(world.reasons(world.claimNamed('shared'))).toContain('ProvisioningFailed')
  })
})

it('removes no folder that it did not make, whatever a volume says of itself', () => {
  const world = new StorageWorld()
  const precious = path.join(world.directory, 'precious')
  mkdirSync(precious)
  world.api.create<PersistentVolume>('persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'copied', annotations: { 'pv.kubernetes.io/provisioned-by': 'rancher.io/local-path' } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      claimRef: { namespace: 'default', name: 'data', uid: 'of-another-cluster' },
      hostPath: { path: precious },
      persistentVolumeReclaimPolicy: 'Delete',
    },
  })
  world.clock.advance(5000)
  expect(world.volumes()).toEqual([])
  expect(existsSync(precious)).toBe(true)
})

it.each([
  ['/v/volumes/pvc-1', true],
  ['/v/volumes', false],
  ['/v', false],
  ['/v/volumes/../pods', false],
  ['/v/volumes/pvc-1/inner', false],
  ['/etc', false],
])('%s is a volume of /v/volumes: %s', (folder, is) => {
  expect(isVolumeFolder('/v/volumes', folder)).toBe(is)
})

describe('a pod', () => {
  it('waits for a claim that is not there, and for one whose class nobody serves', () => {
    const world = new StorageWorld()
    world.pod('early', 'data')
    expect(world.why('early')).toBe(
      '0/3 nodes are available: persistentvolumeclaim "data" not found. not found',
    )
    world.claim('fast', { storageClassName: 'fast' })
    expect(world.reasons(world.claimNamed('fast'))).toEqual(['ProvisioningFailed'])
    world.pod('web', 'fast')
    expect(world.why('web')).toContain('pod has unbound immediate PersistentVolumeClaims')
    world.claim('data')
    world.clock.advance(8000)
    expect(world.podNamed('early').spec.nodeName).toBeDefined()
  })
})

it('gives each pod of a StatefulSet its own volume, and the next pod of that name the same one', () => {
  const world = new StorageWorld()
  world.api.create('statefulsets', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      replicas: 2,
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: {
          containers: [{ name: 'main', image: 'v1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  } as KubeObject)
  world.clock.advance(20_000)
  expect(world.volumes().map(({ spec }) => spec.claimRef?.name)).toEqual(
    expect.arrayContaining(['data-db-0', 'data-db-1']),
  )
  const before = world.podNamed('db-1')
  world.api.delete('pods', 'default', 'db-1')
  world.clock.advance(60_000)
  const after = world.podNamed('db-1')
  expect(after.metadata.uid).not.toBe(before.metadata.uid)
  expect(after.spec.nodeName).toBe(before.spec.nodeName)
  expect(world.volumes()).toHaveLength(2)
})
