/** Conformance: claims, the volumes that are made for them, and the pods that wait for both. */
import { afterAll, expect, test } from 'vitest'
import { present } from '../base/assert.ts'
import type { KubeEvent, KubeObject, Pod, PodSpec } from '../kube/types.ts'
import { inNamespace } from './testing/namespace.ts'
import { condition, idle, isReady, pod, shell, workload } from './testing/objects.ts'
import { openTarget } from './testing/target.ts'
import { until, untilGone, untilOne } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

/** Whether claims of the default class get volumes by themselves. */
async function hasProvisioner(): Promise<boolean> {
  const { body } = await target.raw<{ items: (KubeObject & { provisioner: string })[] }>(
    'GET',
    '/apis/storage.k8s.io/v1/storageclasses',
  )
  const isDefault = ({ metadata }: KubeObject): boolean =>
    metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
  return (body.items.find(isDefault)?.provisioner ?? noProvisioner) !== noProvisioner
}

const noProvisioner = 'kubernetes.io/no-provisioner'
const withoutProvisioner = !(await hasProvisioner())
const testWithVolumes = withoutProvisioner ? test.concurrent.skip : test.concurrent
if (withoutProvisioner) console.warn('SKIPPED: 2 tests of volumes: this cluster makes none by itself')

interface Claim extends KubeObject {
  spec: { storageClassName?: string; volumeName?: string }
  status?: { phase?: string; capacity?: Record<string, string>; accessModes?: string[] }
}

interface Volume extends KubeObject {
  spec: {
    claimRef?: { name?: string; uid?: string }
    nodeAffinity?: { required: { nodeSelectorTerms: { matchExpressions: { values: string[] }[] }[] } }
    persistentVolumeReclaimPolicy?: string
  }
  status?: { phase?: string }
}

const asked = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } }

function claim(name: string): object {
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: asked }
}

/** A container that runs `script` with the claim's folder in $DATA, and then idles. */
function withData(script: string): ReturnType<typeof shell> {
  return shell(`${script} && { ${idle}; }`, {
    env: [{ name: 'DATA', value: '/data' }],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  })
}

const volumesOf = (claimName: string): Partial<PodSpec> & Record<string, unknown> => ({
  volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
  restartPolicy: 'Never',
})

async function untilRunning(namespace: string, name: string): Promise<Pod> {
  return untilOne<Pod, Pod>(target, 'pods', namespace, name, item => isReady(item) && item, 'ready')
}

async function volumeNamed(name: string): Promise<Volume> {
  const { body } = await target.raw<Volume>('GET', `/api/v1/persistentvolumes/${name}`)
  return body
}

testWithVolumes(
  'a claim waits for its first pod, and what that wrote is there for the next one, on the same node',
  () =>
    inNamespace(target, async namespace => {
      await target.create('persistentvolumeclaims', namespace, claim('data'))
      await until<KubeEvent, boolean>(
        target,
        'events',
        namespace,
        items => items.some(({ reason }) => reason === 'WaitForFirstConsumer'),
        'that it waits',
      )
      const waiting = await target.get<Claim>('persistentvolumeclaims', namespace, 'data')
      expect(waiting.status?.phase).toBe('Pending')
      expect(waiting.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection'])
      expect(waiting.spec.storageClassName).not.toBe(undefined)

      await target.create(
        'pods',
        namespace,
        pod('first', withData('echo one > $DATA/seen'), volumesOf('data')),
      )
      const first = await untilRunning(namespace, 'first')
      const bound = await target.get<Claim>('persistentvolumeclaims', namespace, 'data')
      expect(bound.status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Mi' } })
      const volume = await volumeNamed(bound.spec.volumeName ?? '')
      expect(volume.status?.phase).toBe('Bound')
      expect(volume.spec.claimRef).toMatchObject({ name: 'data', uid: bound.metadata.uid })
      expect(volume.spec.nodeAffinity?.required.nodeSelectorTerms[0]?.matchExpressions[0]?.values).toEqual([
        first.spec.nodeName,
      ])
      await target.remove('pods', namespace, 'first', { gracePeriodSeconds: 0 })

      await target.create('pods', namespace, pod('second', withData('test -s $DATA/seen'), volumesOf('data')))
      const second = await untilRunning(namespace, 'second')
      expect(second.spec.nodeName).toBe(first.spec.nodeName)

      await target.remove('persistentvolumeclaims', namespace, 'data')
      const leaving = await target.get<Claim>('persistentvolumeclaims', namespace, 'data')
      expect(leaving.metadata.deletionTimestamp).toBeDefined()
      await target.remove('pods', namespace, 'second', { gracePeriodSeconds: 0 })
      await untilGone(target, 'persistentvolumeclaims', namespace, 'data')
    }),
)

test.concurrent('a pod without its claim waits, and says for what', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('early', withData('true'), volumesOf('late')))
    const early = await untilOne<Pod, Pod>(
      target,
      'pods',
      namespace,
      'early',
      item => condition(item, 'PodScheduled')?.status === 'False' && item,
      'not scheduled',
    )
    const why = present(
      early.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message,
      'a message',
    )
    expect(why).toMatch(/^0\/\d+ nodes are available: persistentvolumeclaim "late" not found\. /)
    await target.create('persistentvolumeclaims', namespace, claim('late'))
    if (!withoutProvisioner) await untilRunning(namespace, 'early')
  }),
)

testWithVolumes('a StatefulSet makes a claim for each pod, and gives it to the pod that follows', () =>
  inNamespace(target, async namespace => {
    const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: asked }]
    const container = withData('echo one >> $DATA/seen')
    await target.create(
      'statefulsets',
      namespace,
      workload({ replicas: 2, serviceName: 'web', volumeClaimTemplates }, { kind: 'StatefulSet', container }),
    )
    const before = await untilRunning(namespace, 'web-1')
    const claims = await target.get<{ items: Claim[] }>('persistentvolumeclaims', namespace)
    expect(claims.items.map(({ metadata, status }) => [metadata.name, status?.phase])).toEqual([
      ['data-web-0', 'Bound'],
      ['data-web-1', 'Bound'],
    ])
    await target.remove('pods', namespace, 'web-1', { gracePeriodSeconds: 0 })
    const after = await untilOne<Pod, Pod>(
      target,
      'pods',
      namespace,
      'web-1',
      item => item.metadata.uid !== before.metadata.uid && isReady(item) && item,
      'made again',
    )
    expect(after.spec.nodeName).toBe(before.spec.nodeName)
  }),
)

test.concurrent('a claim must say how much, and in which way it is to be used', () =>
  inNamespace(target, async namespace => {
    const { code, body } = await target.raw(
      'POST',
      `/api/v1/namespaces/${namespace}/persistentvolumeclaims`,
      {
        body: { ...claim('none'), spec: {} },
      },
    )
    expect(code).toBe(422)
    expect(body.message).toBe(
      'PersistentVolumeClaim "none" is invalid: [spec.accessModes: Required value: at least 1 access mode is required, ' +
        'spec.resources[storage]: Required value]',
    )
    await target.create('persistentvolumeclaims', namespace, claim('data'))
    const changed = await target.raw('PATCH', `/api/v1/namespaces/${namespace}/persistentvolumeclaims/data`, {
      body: { spec: { accessModes: ['ReadWriteMany'] } },
      contentType: 'application/merge-patch+json',
    })
    expect(changed.code).toBe(422)
    expect(changed.body.message).toContain(
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    )
  }),
)
