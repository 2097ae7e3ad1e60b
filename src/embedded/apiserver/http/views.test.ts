/** Kinds that are served in two forms: what is written in the one is read in the other. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject, Status, WatchLine } from '../../../kube/types.ts'
import { pod } from '../testing/objects.ts'
import type { RunningServer, TestRequest } from '../testing/running-server.ts'
import { linesOf, runServer, take } from '../testing/running-server.ts'

let server: RunningServer
beforeEach(async () => {
  server = await runServer()
})
afterEach(() => server.close())

async function call<T>(path: string, init?: TestRequest): Promise<{ code: number; body: T }> {
  const response = await server.request(path, init)
  return { code: response.status, body: (await response.json()) as T }
}

const sending = (method: string, body: object, contentType = 'application/json'): TestRequest => ({
  method,
  body: JSON.stringify(body),
  headers: { 'Content-Type': contentType },
})

const names = ({ items }: { items: KubeObject[] }): string[] => items.map(({ metadata }) => metadata.name)

describe('events.k8s.io/v1', () => {
  const core = '/api/v1/namespaces/default/events'
  const events = '/apis/events.k8s.io/v1/namespaces/default/events'
  const eventTime = '2026-01-02T03:04:05.678901Z'
  const newer = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'newer' },
    eventTime,
    reportingController: 'example.org/tester',
    reportingInstance: 'tester-1',
    action: 'Testing',
    reason: 'Tested',
    regarding: { kind: 'Pod', name: 'a', namespace: 'default' },
    note: 'all is well',
    type: 'Normal',
  }

  it('shows the Events of core/v1 in its own words', async () => {
    const about = server.registry.create('pods', pod('a'))
    server.registry.recordEvent(about, 'Warning', 'Odd', 'something', 'kubelet', 'spec.containers{app}')
    const { body } = await call<{ kind: string; apiVersion: string; items: KubeObject[] }>(events)
    expect(body).toMatchObject({ kind: 'EventList', apiVersion: 'events.k8s.io/v1' })
    const [item] = body.items
    const { body: own } = await call<Record<string, unknown>>(`${core}/${item?.metadata.name ?? ''}`)
    const { firstTimestamp, lastTimestamp, metadata } = own
    expect(item).toEqual({
      metadata,
      eventTime: null,
      regarding: own['involvedObject'],
      reason: 'Odd',
      note: 'something',
      type: 'Warning',
      deprecatedCount: 1,
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp,
      deprecatedSource: { component: 'kubelet' },
      reportingController: 'kubelet',
      reportingInstance: '',
    })
  })

  it('creates, patches and deletes what core/v1 shows', async () => {
    expect(await call(events, sending('POST', newer))).toMatchObject({ code: 201, body: newer })
    const merge = 'application/merge-patch+json'
    const series = { count: 2, lastObservedTime: '2026-01-02T03:04:06.000000Z' }
    expect(await call(`${events}/newer`, sending('PATCH', { series }, merge))).toMatchObject({
      code: 200,
      body: { apiVersion: 'events.k8s.io/v1', note: 'all is well', series },
    })
    const labels = { a: 'b' }
    expect(await call(`${core}/newer`, sending('PATCH', { metadata: { labels } }, merge))).toMatchObject({
      code: 200,
      body: {
        apiVersion: 'v1',
        metadata: { labels },
        message: 'all is well',
        involvedObject: newer.regarding,
        reportingComponent: 'example.org/tester',
        eventTime,
        series,
      },
    })
    expect(await call(`${events}/newer`, { method: 'DELETE' })).toMatchObject({
      code: 200,
      body: { status: 'Success', details: { group: 'events.k8s.io', kind: 'events' } },
    })
    expect((await call(`${core}/newer`)).code).toBe(404)
  })

  it('is replaced and applied too', async () => {
    const { body } = await call<KubeObject>(events, sending('POST', newer))
    const replaced = { ...body, series: { count: 3, lastObservedTime: eventTime } }
    expect(await call(`${events}/newer`, sending('PUT', replaced))).toMatchObject({
      code: 200,
      body: { series: { count: 3 } },
    })
    const { code } = await call(
      `${events}/applied?fieldManager=me`,
      sending('PATCH', { ...newer, metadata: { name: 'applied' } }, 'application/apply-patch+yaml'),
    )
    expect(code).toBe(201)
    expect(await call(`${core}/applied`)).toMatchObject({
      body: { message: 'all is well', metadata: { managedFields: [{ apiVersion: 'v1', manager: 'me' }] } },
    })
  })

  it('is selected by its own names of fields, watched, and shown as a table', async () => {
    const [one, other] = [server.registry.create('pods', pod('a')), server.registry.create('pods', pod('b'))]
    const watched = linesOf<WatchLine>(
      await server.request(`${events}?watch=true&fieldSelector=regarding.name%3Db,reportingController%3Dme`),
    )
    server.registry.recordEvent(one, 'Normal', 'First', 'x', 'me')
    server.registry.recordEvent(other, 'Normal', 'Second', 'y', 'me')
    expect(await take(watched, 1)).toMatchObject([
      { type: 'ADDED', object: { apiVersion: 'events.k8s.io/v1', note: 'y', regarding: { name: 'b' } } },
    ])
    const { body } = await call<{ items: KubeObject[] }>(`${events}?fieldSelector=reason%3DFirst`)
    expect(names(body)).toHaveLength(1)
    expect((await call<Status>(`${events}?fieldSelector=involvedObject.name%3Da`)).body.message).toBe(
      'field label not supported: involvedObject.name',
    )
    const headers = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
    const shown = await call<{ rows: { cells: unknown[]; object: object }[] }>(
      `${events}?includeObject=Object`,
      { headers },
    )
    expect(shown.body.rows[0]?.cells.slice(1, 4)).toEqual(['Normal', 'First', 'pod/a'])
    expect(shown.body.rows[0]?.object).toMatchObject({ note: 'x' })
  })

  it('refuses what is no Event of the newer kind, and a change of what happened', async () => {
    const old = { ...newer, eventTime: null, type: 'Odd', deprecatedCount: 1 }
    expect((await call<Status>(events, sending('POST', old))).body.message).toBe(
      'Event "newer" is invalid: [eventTime: Required value, type: Invalid value: "": has invalid value: Odd, ' +
        'count: Invalid value: "": needs to be unset]',
    )
    const bare = { ...newer, action: '', reportingController: '' }
    expect((await call<Status>(events, sending('POST', bare))).body.message).toBe(
      'Event "newer" is invalid: [reportingController: Required value, action: Required value]',
    )
    await call(events, sending('POST', newer))
    const patch = sending('PATCH', { note: 'all is lost' }, 'application/merge-patch+json')
    expect((await call<Status>(`${events}/newer`, patch)).body.message).toBe(
      'Event "newer" is invalid: message: Invalid value: "all is lost": field is immutable',
    )
    expect((await call<Status>(events, sending('POST', { ...newer, apiVersion: 'v1' }))).code).toBe(400)
  })
})

describe('autoscaling/v1', () => {
  const older = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers'
  const newer = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers'
  const scaleTargetRef = { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }
  const share = (averageUtilization: number): object => ({
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
  })
  const memory = {
    type: 'Resource',
    resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
  }
  const requests = {
    type: 'Object',
    object: {
      describedObject: { kind: 'Ingress', name: 'main', apiVersion: 'networking.k8s.io/v1' },
      metric: { name: 'requests', selector: { matchLabels: { a: 'b' } } },
      target: { type: 'Value', value: '10k' },
    },
  }
  const behavior = {
    scaleDown: {
      stabilizationWindowSeconds: 30,
      selectPolicy: 'Min',
      policies: [{ type: 'Pods', value: 1, periodSeconds: 15 }],
    },
  }

  it('stores the share of the CPU as the metric that it is', async () => {
    const scaler = {
      apiVersion: 'autoscaling/v1',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web' },
      spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 50 },
    }
    const created = await server.request(older, sending('POST', scaler))
    expect([created.status, created.headers.get('Warning')]).toEqual([
      201,
      '299 - "HorizontalPodAutoscaler is stored, but nothing acts on it in the embedded cluster"',
    ])
    expect(await created.json()).toMatchObject(scaler)
    expect((await call<Spec>(`${newer}/web`)).body.spec).toEqual({
      scaleTargetRef,
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [share(50)],
    })
  })

  interface Spec extends KubeObject {
    spec: object
    status?: object
  }

  it('keeps in annotations what it has no words for, and gives it back', async () => {
    const spec = { scaleTargetRef, maxReplicas: 9, metrics: [memory, requests, share(70)], behavior }
    const scaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', annotations: { mine: 'kept' } },
      spec,
    }
    await call(newer, sending('POST', scaler))
    const status = {
      desiredReplicas: 2,
      currentReplicas: 2,
      conditions: [{ type: 'AbleToScale', status: 'True' }],
      currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 60 } } }],
    }
    const merge = 'application/merge-patch+json'
    await call(`${newer}/web/status`, sending('PATCH', { status }, merge))
    const { body } = await call<Spec>(`${older}/web`)
    expect(body.spec).toEqual({ scaleTargetRef, maxReplicas: 9, targetCPUUtilizationPercentage: 70 })
    expect(body.status).toEqual({
      currentReplicas: 2,
      desiredReplicas: 2,
      currentCPUUtilizationPercentage: 60,
    })
    const prefix = 'autoscaling.alpha.kubernetes.io'
    const { annotations = {} } = body.metadata
    expect(Object.keys(annotations).sort()).toEqual([
      `${prefix}/behavior`,
      `${prefix}/conditions`,
      `${prefix}/current-metrics`,
      `${prefix}/metrics`,
      'mine',
    ])
    expect(JSON.parse(annotations[`${prefix}/metrics`] ?? '')).toEqual([
      { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } },
      {
        type: 'Object',
        object: {
          target: requests.object.describedObject,
          metricName: 'requests',
          selector: { matchLabels: { a: 'b' } },
          targetValue: '10k',
        },
      },
    ])
    expect(JSON.parse(annotations[`${prefix}/behavior`] ?? '')).toEqual({
      ScaleDown: {
        StabilizationWindowSeconds: 30,
        SelectPolicy: 'Min',
        Policies: [{ Type: 'Pods', Value: 1, PeriodSeconds: 15 }],
      },
    })
    await call(`${older}/web`, sending('PUT', { ...body, spec: { ...body.spec, maxReplicas: 8 } }))
    const back = (await call<Spec>(`${newer}/web`)).body
    expect([back.spec, back.metadata.annotations]).toEqual([{ ...spec, maxReplicas: 8 }, { mine: 'kept' }])
    expect(back.status).toEqual(status)
  })

  it('takes an annotation that nobody can read for none', async () => {
    const prefix = 'autoscaling.alpha.kubernetes.io'
    const scaler = {
      apiVersion: 'autoscaling/v1',
      kind: 'HorizontalPodAutoscaler',
      metadata: {
        name: 'web',
        annotations: { [`${prefix}/metrics`]: '[{"type":1}]', [`${prefix}/behavior`]: '{' },
      },
      spec: { scaleTargetRef, maxReplicas: 3 },
    }
    expect((await call(older, sending('POST', scaler))).code).toBe(201)
    expect((await call<Spec>(`${newer}/web`)).body.spec).toEqual({ scaleTargetRef, maxReplicas: 3 })
  })

  it('is the older of the versions that discovery names', async () => {
    const version = (name: string): object => ({ groupVersion: `autoscaling/${name}`, version: name })
    expect((await call('/apis/autoscaling')).body).toMatchObject({
      versions: [version('v2'), version('v1')],
      preferredVersion: version('v2'),
    })
    const Accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    const { body } = await call<{ items: { metadata: { name: string }; versions: object[] }[] }>('/apis', {
      headers: { Accept },
    })
    expect(body.items.find(({ metadata }) => metadata.name === 'autoscaling')?.versions).toMatchObject([
      { version: 'v2', resources: [{ resource: 'horizontalpodautoscalers' }] },
      { version: 'v1', resources: [{ resource: 'horizontalpodautoscalers' }] },
    ])
  })
})
