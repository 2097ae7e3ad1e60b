import { describe, expect, it } from 'vitest'
import type { Deployment, KubeEvent, Pod, Service } from '../../kube/types.ts'
import { deployment, node, pod, runningPod, statusOfFailure, testRegistry } from './testing/objects.ts'

describe('creating', () => {
  it('fills in what a rollout depends on', () => {
    const { registry } = testRegistry()
    const { metadata, spec } = registry.create('deployments', deployment())
    expect(spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        spec: {
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          schedulerName: 'default-scheduler',
        },
      },
    })
    expect(metadata).toMatchObject({ generation: 1, creationTimestamp: '2023-11-14T22:13:20Z' })
    expect(metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('gives a generated name five letters that spell no words, and drops a status that was sent', () => {
    const { registry } = testRegistry()
    const created = registry.create<Pod>('pods', {
      ...pod(''),
      metadata: { name: '', generateName: 'web-', namespace: 'default' },
      status: { phase: 'Running' },
    })
    expect(created.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(created.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' })
  })

  it('gives a Service an address that later writes keep', () => {
    const { registry } = testRegistry()
    const service: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { ports: [{ port: 80 }] },
    }
    const { spec } = registry.create('services', service)
    expect(spec).toMatchObject({ type: 'ClusterIP', ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }] })
    expect(registry.update('services', service).spec.clusterIP).toBe(spec.clusterIP)
  })

  it('refuses a second object of a name, and any in a namespace that is not there', () => {
    const { registry } = testRegistry()
    registry.create('pods', pod('a'))
    expect(statusOfFailure(() => registry.create('pods', pod('a')))).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
    })
    const elsewhere = { ...pod('a'), metadata: { name: 'a', namespace: 'nowhere' } }
    expect(statusOfFailure(() => registry.create('pods', elsewhere))).toMatchObject({
      code: 404,
      reason: 'NotFound',
    })
  })
})

describe('validation', () => {
  const causes = (change: (object: Deployment) => void): string[] => {
    const { registry } = testRegistry()
    const object = deployment()
    change(object)
    const status = statusOfFailure(() => registry.create('deployments', object))
    expect(status).toMatchObject({ code: 422, reason: 'Invalid' })
    return (status.details?.causes ?? []).map(cause => cause.field ?? '')
  }
  const container = (object: Deployment): NonNullable<Pod['spec']['containers'][number]> => {
    const [first] = object.spec.template.spec.containers
    if (first === undefined) throw new Error('the test deployment has no container')
    return first
  }

  it.each<[string, string, (object: Deployment) => void]>([
    [
      'a selector that misses the template',
      'spec.template.metadata.labels',
      o => (o.spec.selector.matchLabels = { app: 'x' }),
    ],
    ['an empty selector', 'spec.selector', o => (o.spec.selector = {})],
    [
      'no surge and none unavailable',
      'spec.strategy.rollingUpdate.maxUnavailable',
      o => (o.spec.strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } }),
    ],
    [
      'Recreate with rolling parameters',
      'spec.strategy.rollingUpdate',
      o => (o.spec.strategy = { type: 'Recreate', rollingUpdate: {} }),
    ],
    [
      'a deadline within minReadySeconds',
      'spec.progressDeadlineSeconds',
      o => Object.assign(o.spec, { minReadySeconds: 10, progressDeadlineSeconds: 10 }),
    ],
    [
      'a preStop sleep beyond the grace period',
      'spec.template.spec.containers[0].lifecycle.preStop.sleep',
      o => (container(o).lifecycle = { preStop: { sleep: { seconds: 31 } } }),
    ],
    [
      'a liveness probe that needs two successes',
      'spec.template.spec.containers[0].livenessProbe.successThreshold',
      o => (container(o).livenessProbe = { tcpSocket: { port: 80 }, successThreshold: 2 }),
    ],
    [
      'a grace period on a readiness probe',
      'spec.template.spec.containers[0].readinessProbe.terminationGracePeriodSeconds',
      o => (container(o).readinessProbe = { tcpSocket: { port: 80 }, terminationGracePeriodSeconds: 5 }),
    ],
    [
      'a container name with capitals',
      'spec.template.spec.containers[0].name',
      o => (container(o).name = 'App'),
    ],
    [
      'a request above its limit, whatever the units',
      'spec.template.spec.containers[0].resources.requests',
      o => (container(o).resources = { requests: { memory: '1Gi' }, limits: { memory: '1000Mi' } }),
    ],
    [
      'a resource that is none',
      'spec.template.spec.containers[0].resources.limits[gpu]',
      o => (container(o).resources = { limits: { gpu: '1' } }),
    ],
    ['an object name with capitals', 'metadata.name', o => (o.metadata.name = 'Web')],
  ])('refuses %s', (_what, field, change) => {
    expect(causes(change)).toEqual([field])
  })

  it('keeps the selector of a Deployment as it was created', () => {
    const { registry } = testRegistry()
    const created = registry.create('deployments', deployment())
    const labels = { app: 'other' }
    const changed = {
      ...created.spec,
      selector: { matchLabels: labels },
      template: { ...created.spec.template, metadata: { labels } },
    }
    const status = statusOfFailure(() => registry.update('deployments', { ...created, spec: changed }))
    expect(status.details?.causes).toMatchObject([{ field: 'spec.selector', reason: 'FieldValueInvalid' }])
    expect(status.message).toContain('field is immutable')
  })

  it('answers a field of the wrong type with 400, and says which', () => {
    const { registry } = testRegistry()
    const status = statusOfFailure(() =>
      registry.post('deployments', { ...deployment(), spec: { replicas: 'two' } }),
    )
    expect(status).toMatchObject({ code: 400, reason: 'BadRequest' })
    expect(status.message).toContain('DeploymentSpec.spec.replicas of type int32')
  })

  it('refuses a budget with a minimum and a maximum', () => {
    const { registry } = testRegistry()
    const both = {
      metadata: { name: 'b', namespace: 'default' },
      spec: { minAvailable: 1, maxUnavailable: 1 },
    }
    expect(statusOfFailure(() => registry.post('poddisruptionbudgets', both))).toMatchObject({ code: 422 })
  })

  it.each(['configmaps', 'secrets'] as const)('keeps %s that are immutable as they are', resource => {
    const { registry } = testRegistry()
    const metadata = { name: 'a', namespace: 'default' }
    const made = registry.post(resource, { metadata, immutable: true, data: { k: 'MQ==' } })
    const fields = (change: object): unknown[] => {
      const status = statusOfFailure(() => registry.update(resource, { ...made, ...change }))
      expect(status).toMatchObject({ code: 422, reason: 'Invalid' })
      return (status.details?.causes ?? []).map(({ field, message }) => [field, message])
    }
    const refused = 'Forbidden: field is immutable when `immutable` is set'
    expect(fields({ data: { k: 'Mg==' } })).toEqual([['data', refused]])
    expect(fields({ immutable: false })).toEqual([['immutable', refused]])
    const labelled = { ...made, metadata: { ...made.metadata, labels: { a: 'b' } } }
    expect(registry.update(resource, labelled).metadata.labels).toEqual({ a: 'b' })
  })

  it('lets only a few fields of a pod change', () => {
    const { registry } = testRegistry()
    const created = registry.create('pods', pod('a'))
    const moved = { ...created, spec: { ...created.spec, hostNetwork: true } }
    expect(statusOfFailure(() => registry.update('pods', moved))).toMatchObject({ code: 422 })
    const containers = created.spec.containers.map(container => ({ ...container, image: 'app:2' }))
    expect(
      registry.update('pods', { ...created, spec: { ...created.spec, containers } }).spec.containers[0]
        ?.image,
    ).toBe('app:2')
  })
})

describe('updating', () => {
  it("counts a Deployment's generation for spec and annotations, not for status, labels or nothing", () => {
    const { registry } = testRegistry()
    let current = registry.create('deployments', deployment())
    const generationAfter = (
      change: (object: Deployment) => void,
      part: 'update' | 'updateStatus' = 'update',
    ): number | undefined => {
      change(current)
      current = registry[part]('deployments', current)
      return current.metadata.generation
    }
    expect(generationAfter(object => (object.spec.replicas = 3))).toBe(2)
    expect(generationAfter(object => (object.metadata.annotations = { a: 'b' }))).toBe(3)
    expect(generationAfter(object => (object.metadata.labels = { a: 'b' }))).toBe(3)
    expect(generationAfter(object => (object.status = { replicas: 1 }), 'updateStatus')).toBe(3)
    expect(generationAfter(() => undefined)).toBe(3)
    expect(current.status).toEqual({ replicas: 1 })
  })

  it('keeps status and spec apart', () => {
    const { registry } = testRegistry()
    const created = registry.create('deployments', deployment())
    registry.updateStatus('deployments', {
      ...created,
      spec: { ...created.spec, replicas: 9 },
      status: { replicas: 4 },
    })
    const stored = registry.get<Deployment>('deployments', 'default', 'web')
    expect([stored?.spec.replicas, stored?.status?.replicas]).toEqual([1, 4])
    registry.update('deployments', {
      ...created,
      metadata: { name: 'web', namespace: 'default' },
      status: { replicas: 7 },
    })
    expect(registry.get<Deployment>('deployments', 'default', 'web')?.status?.replicas).toBe(4)
  })

  it('refuses a stale resourceVersion, and takes an absent one', () => {
    const { registry } = testRegistry()
    const stale = registry.create('deployments', deployment())
    registry.update('deployments', { ...stale, spec: { ...stale.spec, replicas: 2 } })
    const status = statusOfFailure(() =>
      registry.update('deployments', { ...stale, spec: { ...stale.spec, replicas: 3 } }),
    )
    expect(status).toMatchObject({
      code: 409,
      reason: 'Conflict',
      details: { name: 'web', group: 'apps', kind: 'deployments' },
    })
    expect(
      statusOfFailure(() => registry.updateStatus('deployments', { ...stale, status: { replicas: 1 } }))
        .reason,
    ).toBe('Conflict')
    const blind = {
      ...stale,
      metadata: { name: 'web', namespace: 'default' },
      spec: { ...stale.spec, replicas: 3 },
    }
    expect(registry.update('deployments', blind).spec.replicas).toBe(3)
  })

  it('emits nothing and counts nothing when nothing changed', () => {
    const { registry, clock } = testRegistry()
    const created = registry.create('deployments', deployment())
    const seen: string[] = []
    registry.watch('deployments', type => seen.push(type))
    registry.update('deployments', created)
    registry.updateStatus('deployments', created)
    clock.advance(100)
    expect(seen).toEqual(['ADDED'])
    expect(registry.revision()).toBe(Number(created.metadata.resourceVersion))
  })

  it('stores nothing in a dry run', () => {
    const { registry } = testRegistry()
    expect(registry.post('pods', pod('a'), { dryRun: true }).metadata.name).toBe('a')
    expect(registry.get('pods', 'default', 'a')).toBeNull()
  })
})

describe('deleting', () => {
  it('marks a scheduled pod with a deletion in the future, and its kubelet removes it', () => {
    const { registry } = testRegistry()
    runningPod(registry, 'a')
    const marked = registry.delete('pods', 'default', 'a') as Pod
    expect(marked.metadata).toMatchObject({
      deletionTimestamp: '2023-11-14T22:13:50Z',
      deletionGracePeriodSeconds: 30,
      generation: 3,
    })
    expect(marked.status?.phase).toBe('Running')
    expect(
      registry.delete('pods', 'default', 'a', { gracePeriodSeconds: 0, uid: marked.metadata.uid ?? '' }),
    ).toBeNull()
    expect(registry.get('pods', 'default', 'a')).toBeNull()
  })

  it('may only shorten the grace period afterwards', () => {
    const { registry, clock } = testRegistry()
    runningPod(registry, 'a')
    registry.delete('pods', 'default', 'a', { gracePeriodSeconds: 20 })
    clock.advance(5000)
    const before = registry.revision()
    registry.delete('pods', 'default', 'a', { gracePeriodSeconds: 20 })
    registry.delete('pods', 'default', 'a', { gracePeriodSeconds: 60 })
    registry.delete('pods', 'default', 'a')
    expect(registry.revision()).toBe(before)
    const shortened = registry.delete('pods', 'default', 'a', { gracePeriodSeconds: 10 })
    expect(shortened?.metadata).toMatchObject({
      deletionTimestamp: '2023-11-14T22:13:30Z',
      deletionGracePeriodSeconds: 10,
    })
  })

  it('removes at once a pod that runs nowhere or has finished', () => {
    const { registry } = testRegistry()
    registry.create('pods', pod('pending'))
    expect(registry.delete('pods', 'default', 'pending')).toBeNull()
    const done = runningPod(registry, 'done')
    registry.updateStatus('pods', { ...done, status: { phase: 'Succeeded' } })
    expect(registry.delete('pods', 'default', 'done')).toBeNull()
  })

  it('checks the uid precondition', () => {
    const { registry } = testRegistry()
    runningPod(registry, 'a')
    expect(statusOfFailure(() => registry.delete('pods', 'default', 'a', { uid: 'another' })).reason).toBe(
      'Conflict',
    )
  })

  it('keeps an object until its last finalizer is taken away', () => {
    const { registry } = testRegistry()
    registry.create('deployments', deployment())
    const marked = registry.delete('deployments', 'default', 'web', { propagationPolicy: 'Foreground' })
    expect(marked?.metadata).toMatchObject({
      finalizers: ['foregroundDeletion'],
      deletionGracePeriodSeconds: 0,
      generation: 2,
    })
    const stored = registry.get<Deployment>('deployments', 'default', 'web')
    if (stored === null) throw new Error('it is gone already')
    registry.update('deployments', { ...stored, metadata: { ...stored.metadata, finalizers: [] } })
    expect(registry.get('deployments', 'default', 'web')).toBeNull()
  })

  it('empties a namespace, and removes it when its last pod has ended', () => {
    const { registry } = testRegistry()
    registry.post('namespaces', { metadata: { name: 'gone' } })
    registry.post('configmaps', { metadata: { name: 'c', namespace: 'gone' } })
    registry.post('pods', { ...pod('a'), metadata: { name: 'a', namespace: 'gone' } })
    registry.bind('gone', 'a', 'node-1')
    registry.delete('namespaces', '', 'gone')
    expect(registry.get('configmaps', 'gone', 'c')).toBeNull()
    expect(
      statusOfFailure(() => registry.post('configmaps', { metadata: { name: 'd', namespace: 'gone' } })).code,
    ).toBe(403)
    registry.delete('pods', 'gone', 'a', { gracePeriodSeconds: 0 })
    expect(registry.get('namespaces', '', 'gone')).toBeNull()
  })
})

it('binds a pod once, and says so in its conditions', () => {
  const { registry } = testRegistry()
  registry.create('pods', pod('a'))
  registry.bind('default', 'a', 'node-1')
  const { spec, status } = registry.read('pods', 'default', 'a') as Pod
  expect(spec.nodeName).toBe('node-1')
  expect(status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }])
  expect(statusOfFailure(() => registry.bind('default', 'a', 'node-2')).reason).toBe('Conflict')
})

it('counts the same Kubernetes Event instead of writing it again', () => {
  const { registry, clock } = testRegistry()
  const about = registry.create('nodes', node('node-1'))
  for (let turn = 0; turn < 3; turn++) {
    registry.recordEvent(about, 'Warning', 'Unhealthy', 'Readiness probe failed', 'kubelet')
    clock.advance(1000)
  }
  registry.recordEvent(about, 'Warning', 'Unhealthy', 'Liveness probe failed', 'kubelet')
  const counts = registry.list<KubeEvent>('events', 'default').map(({ message, count }) => [message, count])
  expect(counts.sort()).toEqual([
    ['Liveness probe failed', 1],
    ['Readiness probe failed', 3],
  ])
})

it('names Kubernetes Events so that their list is in order of time', () => {
  const { registry, clock } = testRegistry()
  const about = registry.create('nodes', node('node-1'))
  const reasons = ['Zulu', 'Yankee', 'Xray', 'Whiskey']
  for (const [turn, reason] of reasons.entries()) {
    if (turn > 1) clock.advance(1)
    registry.recordEvent(about, 'Normal', reason, 'said', 'kubelet', 'spec.part')
  }
  const events = registry.list<KubeEvent>('events', 'default')
  expect(events.map(({ reason }) => reason)).toEqual(reasons)
  for (const { metadata, source, involvedObject } of events) {
    expect(metadata.name).toMatch(/^node-1\.[0-9a-f]{16}$/)
    expect(source).toEqual({ component: 'kubelet', host: 'node-1' })
    expect(involvedObject.fieldPath).toBe('spec.part')
  }
})
