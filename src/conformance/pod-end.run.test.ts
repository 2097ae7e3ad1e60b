/** Conformance: how pods end, and what Services see of it. */
import { afterAll, expect, test } from 'vitest'
import type { Endpoint, EndpointSlice, KubeEvent, Pod } from '../kube/types.ts'
import { inNamespace } from './testing/namespace.ts'
import { idle, isReady, pod, service, shell, web } from './testing/objects.ts'
import { openTarget } from './testing/target.ts'
import { record, until, untilGone, untilOne, type Recorder } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

interface End {
  /** From the deletion to the object's end, as this client saw it. */
  tookS: number
  exitCode: number | undefined
  phase: string | undefined
  reason: string | undefined
}

/** Makes a pod, waits until it is ready, deletes it, and tells how it ended. */
async function endOf(namespace: string, object: object, options: { body?: object } = {}): Promise<End> {
  await target.create('pods', namespace, object)
  const pods = record<Pod>(target, 'pods', namespace)
  await pods.until(({ items }) => items.some(isReady), 'ready')
  await target.remove('pods', namespace, 'a', options.body)
  await pods.until(({ seen }) => seen.some(({ type }) => type === 'DELETED'), 'gone')
  pods.stop()
  const begun = pods.seen.find(({ object: { metadata } }) => metadata.deletionTimestamp !== undefined)
  const gone = pods.seen.find(({ type }) => type === 'DELETED')
  const last = [...pods.seen]
    .reverse()
    .find(({ object: { status } }) => status?.containerStatuses?.[0]?.state?.terminated !== undefined)
  const terminated = last?.object.status?.containerStatuses?.[0]?.state?.terminated
  return {
    tookS: ((gone?.atUs ?? 0) - (begun?.atUs ?? 0)) / 1e6,
    exitCode: terminated?.exitCode,
    phase: last?.object.status?.phase,
    reason: terminated?.reason,
  }
}

const deaf = 'sleep 3600'
const grace = (seconds: number): { terminationGracePeriodSeconds: number } => ({
  terminationGracePeriodSeconds: seconds,
})

test.concurrent('a deleted pod lives on with a deletion time in the future, its grace, and its phase', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', shell(deaf), grace(5)))
    await untilOne<Pod, boolean>(target, 'pods', namespace, 'a', isReady, 'ready')
    const answer = await target.raw<Pod>('DELETE', `/api/v1/namespaces/${namespace}/pods/a`)
    expect(answer.code).toBe(200)
    expect(answer.body).toMatchObject({
      kind: 'Pod',
      metadata: { deletionGracePeriodSeconds: 5 },
      status: { phase: 'Running' },
    })
    const shorter = await target.raw<Pod>(
      'DELETE',
      `/api/v1/namespaces/${namespace}/pods/a?gracePeriodSeconds=4`,
    )
    expect(shorter.body.metadata.deletionGracePeriodSeconds).toBe(4)
    const longer = await target.raw<Pod>(
      'DELETE',
      `/api/v1/namespaces/${namespace}/pods/a?gracePeriodSeconds=60`,
    )
    expect(longer.body.metadata.deletionGracePeriodSeconds).toBe(4)
    await untilGone(target, 'pods', namespace, 'a')
  }),
)

test.concurrent('a pod that nobody runs yet goes at once', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', shell(), { schedulerName: 'nobody' }))
    await target.remove('pods', namespace, 'a')
    expect((await target.raw('GET', `/api/v1/namespaces/${namespace}/pods/a`)).code).toBe(404)
  }),
)

test.concurrent(
  'a process that handles SIGTERM ends with its own code, and the pod Succeeded when that is 0',
  () =>
    inNamespace(target, async namespace => {
      expect(await endOf(namespace, pod('a', shell(idle)))).toMatchObject({
        exitCode: 0,
        phase: 'Succeeded',
        reason: 'Completed',
      })
    }),
)

test.concurrent('exit code 143 of a process that was told to end is Error, and the pod Failed', () =>
  inNamespace(target, async namespace => {
    const end = await endOf(namespace, pod('a', shell("trap 'exit 143' TERM; sleep 3600 & wait")))
    expect(end).toMatchObject({ exitCode: 143, phase: 'Failed', reason: 'Error' })
    expect(end.tookS).toBeLessThan(20)
  }),
)

test.concurrent('PID 1 without a handler ignores SIGTERM and is killed when its grace ends, with 137', () =>
  inNamespace(target, async namespace => {
    const end = await endOf(namespace, pod('a', shell('exec sleep 3600'), grace(4)))
    expect(end).toMatchObject({ exitCode: 137, phase: 'Failed', reason: 'Error' })
    expect(end.tookS).toBeGreaterThan(3.9)
  }),
)

test.concurrent('a preStop hook comes before SIGTERM and is taken off the grace', () =>
  inNamespace(target, async namespace => {
    const container = shell('exec sleep 3600', { lifecycle: { preStop: { sleep: { seconds: 8 } } } })
    const end = await endOf(namespace, pod('a', container, grace(10)))
    expect(end.exitCode).toBe(137)
    // 10 s and not 8 + 10.
    expect(end.tookS).toBeGreaterThan(9.9)
    expect(end.tookS).toBeLessThan(17.9)
  }),
)

test.concurrent('a preStop hook that takes the whole grace leaves two seconds', () =>
  inNamespace(target, async namespace => {
    const container = shell('exec sleep 3600', { lifecycle: { preStop: { sleep: { seconds: 3 } } } })
    const end = await endOf(namespace, pod('a', container, grace(3)))
    expect(end.exitCode).toBe(137)
    expect(end.tookS).toBeGreaterThan(4.9)
  }),
)

test.concurrent('a preStop hook whose binary is missing is told and costs no time', () =>
  inNamespace(target, async namespace => {
    const container = shell(idle, { lifecycle: { preStop: { exec: { command: ['no-such-command'] } } } })
    const end = await endOf(namespace, pod('a', container, grace(30)))
    expect(end.exitCode).toBe(0)
    expect(end.tookS).toBeLessThan(15)
    const told = await until<KubeEvent, KubeEvent>(
      target,
      'events',
      namespace,
      items => items.find(({ reason }) => reason === 'FailedPreStopHook'),
      'the event',
    )
    expect([told.type, told.message]).toEqual(['Warning', 'PreStopHook failed'])
  }),
)

test.concurrent('a forced deletion removes the object at once', () =>
  inNamespace(target, async namespace => {
    const end = await endOf(namespace, pod('a', shell(deaf), grace(30)), { body: { gracePeriodSeconds: 0 } })
    expect(end.tookS).toBeLessThan(2)
  }),
)

test.concurrent('a sidecar ends after the rest', () =>
  inNamespace(target, async namespace => {
    const sidecar = shell(idle, { name: 'side', restartPolicy: 'Always' })
    const main = shell("trap 'sleep 2; exit 0' TERM; sleep 3600 & wait")
    await target.create('pods', namespace, pod('a', main, { initContainers: [sidecar] }))
    const pods = record<Pod>(target, 'pods', namespace)
    await pods.until(({ items }) => items.some(isReady), 'ready')
    await target.remove('pods', namespace, 'a')
    await pods.until(({ seen }) => seen.some(({ type }) => type === 'DELETED'), 'gone')
    pods.stop()
    const last = pods.seen.at(-1)?.object.status
    const mainEnd = last?.containerStatuses?.[0]?.state?.terminated?.finishedAt ?? ''
    const sideEnd = last?.initContainerStatuses?.[0]?.state?.terminated?.finishedAt ?? ''
    expect([mainEnd, sideEnd].every(at => at !== '')).toBe(true)
    expect(Date.parse(sideEnd)).toBeGreaterThanOrEqual(Date.parse(mainEnd))
  }),
)

/** A slice without endpoints says null. */
function endpointsOf(slice: EndpointSlice | undefined): Endpoint[] {
  return (slice?.endpoints as Endpoint[] | null | undefined) ?? []
}

/** What the slices of `web` said of their only endpoint, without repeats. */
function conditionsSeen(slices: Recorder<EndpointSlice>): (Endpoint['conditions'] | null)[] {
  const told = slices.seen.map(({ object }) => endpointsOf(object)[0]?.conditions ?? null)
  return told.filter((each, index) => JSON.stringify(each) !== JSON.stringify(told[index - 1]))
}

test.concurrent('an endpoint is unready, then ready, then serving while it terminates, then gone', () =>
  inNamespace(target, async namespace => {
    const slices = record<EndpointSlice>(target, 'endpointslices', namespace)
    await target.create('services', namespace, service())
    const container = web({
      readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1, initialDelaySeconds: 3 },
      lifecycle: { preStop: { sleep: { seconds: 3 } } },
    })
    await target.create('pods', namespace, pod('a', container))
    const one =
      (ready: boolean) =>
      ({ items }: Recorder<EndpointSlice>) =>
        endpointsOf(items[0])[0]?.conditions?.ready === ready && items[0]
    const slice = await slices.until(one(true), 'a ready endpoint')
    const live = await target.get<Pod>('pods', namespace, 'a')
    await target.remove('pods', namespace, 'a')
    await untilGone(target, 'pods', namespace, 'a')
    await slices.until(({ items }) => endpointsOf(items[0]).length === 0, 'no endpoint')
    slices.stop()
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      metadata: {
        name: expect.stringMatching(/^web-[0-9a-z]{5}$/) as string,
        generateName: 'web-',
        labels: {
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Service', name: 'web', controller: true, blockOwnerDeletion: true },
        ],
      },
      ports: [{ name: '', port: 8080, protocol: 'TCP' }],
      endpoints: [
        {
          addresses: [live.status?.podIP],
          nodeName: live.spec.nodeName,
          targetRef: { kind: 'Pod', namespace, name: 'a', uid: live.metadata.uid },
        },
      ],
    })
    expect(conditionsSeen(slices).filter(each => each !== null)).toEqual([
      { ready: false, serving: false, terminating: false },
      { ready: true, serving: true, terminating: false },
      { ready: false, serving: true, terminating: true },
    ])
  }),
)

test.concurrent('with publishNotReadyAddresses an endpoint is ready from its address to its end', () =>
  inNamespace(target, async namespace => {
    const slices = record<EndpointSlice>(target, 'endpointslices', namespace)
    await target.create('services', namespace, service({ publishNotReadyAddresses: true, clusterIP: 'None' }))
    const readinessProbe = { exec: { command: ['sh', '-c', 'exit 1'] } }
    await target.create(
      'pods',
      namespace,
      pod('a', shell(idle, { readinessProbe, lifecycle: { preStop: { sleep: { seconds: 2 } } } })),
    )
    await slices.until(({ items }) => endpointsOf(items[0]).length === 1, 'an endpoint')
    await target.remove('pods', namespace, 'a')
    await untilGone(target, 'pods', namespace, 'a')
    await slices.until(({ items }) => endpointsOf(items[0]).length === 0, 'no endpoint')
    slices.stop()
    expect(conditionsSeen(slices).filter(each => each !== null)).toEqual([
      { ready: true, serving: false, terminating: false },
      { ready: true, serving: false, terminating: true },
    ])
  }),
)

test.concurrent('a Service gets a cluster IP and defaults, and a headless one None', () =>
  inNamespace(target, async namespace => {
    const made = await target.core.createNamespacedService({ namespace, body: service() })
    expect(made.spec).toMatchObject({
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
    })
    expect(made.spec?.clusterIPs).toEqual([made.spec?.clusterIP])
    expect(made.spec?.clusterIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
  }),
)
