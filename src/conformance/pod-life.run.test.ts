/** Conformance: how containers start, run, restart and report. */
import { afterAll, expect, test } from 'vitest'
import type { KubeEvent, Pod } from '../kube/types.ts'
import { inNamespace } from './testing/namespace.ts'
import { idle, isReady, pod, shell } from './testing/objects.ts'
import { once, status, untilEvent, untilPod } from './testing/pods.ts'
import { openTarget } from './testing/target.ts'
import { record } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

const log = (namespace: string, name: string): Promise<string> =>
  target.core.readNamespacedPodLog({ namespace, name })

test.concurrent('a pod that ends well has Succeeded, exit code 0, reason Completed', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', shell('exit 0'), once))
    const done = await untilPod(
      target,
      namespace,
      'a',
      item => item.status?.phase === 'Succeeded' && item,
      'succeeded',
    )
    expect(status(done)).toMatchObject({
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode: 0, reason: 'Completed' } },
    })
    const ready = done.status?.conditions?.find(({ type }) => type === 'Ready')
    expect(ready).toMatchObject({ status: 'False', reason: 'PodCompleted' })
    expect(done.status?.conditions?.map(({ type }) => type).sort()).toEqual([
      'ContainersReady',
      'Initialized',
      'PodReadyToStartContainers',
      'PodScheduled',
      'Ready',
    ])
  }),
)

test.concurrent('a pod that ends badly has Failed, with its exit code and termination message', () =>
  inNamespace(target, async namespace => {
    await target.create(
      'pods',
      namespace,
      pod('a', shell('echo the reason; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' }), once),
    )
    const done = await untilPod(
      target,
      namespace,
      'a',
      item => item.status?.phase === 'Failed' && item,
      'failed',
    )
    expect(status(done)?.state?.terminated).toMatchObject({
      exitCode: 3,
      reason: 'Error',
      message: 'the reason\n',
    })
    expect(await log(namespace, 'a')).toBe('the reason\n')
  }),
)

test.concurrent('a termination message is what the container wrote to its file', () =>
  inNamespace(target, async namespace => {
    const script = 'echo written > /dev/termination-log'
    await target.create('pods', namespace, pod('a', shell(script), once))
    const done = await untilPod(
      target,
      namespace,
      'a',
      item => item.status?.phase === 'Succeeded' && item,
      'succeeded',
    )
    expect(status(done)?.state?.terminated?.message).toBe('written\n')
  }),
)

test.concurrent('the environment holds fields of the pod, keys of a ConfigMap, and expands references', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm' },
      data: { KEY: 'value', other: 'else' },
    })
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
    const env = [
      field('POD', 'metadata.name'),
      field('NS', 'metadata.namespace'),
      field('LABEL', "metadata.labels['app']"),
      field('SA', 'spec.serviceAccountName'),
      { name: 'FROM', valueFrom: { configMapKeyRef: { name: 'm', key: 'other' } } },
      { name: 'JOINED', value: '$(POD)-$(FROM)-$(NOBODY)-$$(POD)' },
    ]
    const container = shell('echo "$POD $NS $LABEL $SA $FROM $JOINED $KEY $HOSTNAME"', {
      env,
      envFrom: [{ configMapRef: { name: 'm' } }],
    })
    await target.create('pods', namespace, pod('a', container, once))
    await untilPod(target, namespace, 'a', item => item.status?.phase === 'Succeeded', 'succeeded')
    expect(await log(namespace, 'a')).toBe(
      `a ${namespace} web default else a-else-$(NOBODY)-$(POD) value a\n`,
    )
  }),
)

test.concurrent('resources are told to a container by resourceFieldRef', () =>
  inNamespace(target, async namespace => {
    const of = (name: string, resource: string) => ({ name, valueFrom: { resourceFieldRef: { resource } } })
    const env = [of('CPU', 'limits.cpu'), of('MEMORY', 'requests.memory')]
    const resources = { requests: { memory: '16Mi' }, limits: { cpu: '1500m', memory: '32Mi' } }
    await target.create('pods', namespace, pod('a', shell('echo "$CPU $MEMORY"', { env, resources }), once))
    await untilPod(target, namespace, 'a', item => item.status?.phase === 'Succeeded', 'succeeded')
    expect(await log(namespace, 'a')).toBe('2 16777216\n')
  }),
)

test.concurrent('a key that is missing keeps the container waiting, and its appearance starts it', () =>
  inNamespace(target, async namespace => {
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } }]
    await target.create('pods', namespace, pod('a', shell(idle, { env })))
    const waiting = await untilPod(
      target,
      namespace,
      'a',
      item => status(item)?.state?.waiting?.reason === 'CreateContainerConfigError' && item,
      'waiting',
    )
    expect(status(waiting)?.state?.waiting?.message).toBe('configmap "m" not found')
    await target.create('configmaps', namespace, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm' },
      data: { k: 'v' },
    })
    await untilPod(target, namespace, 'a', isReady, 'ready')
  }),
)

test.concurrent('a ConfigMap is mounted as files, and an emptyDir is shared by a pod’s containers', () =>
  inNamespace(target, async namespace => {
    await target.create('configmaps', namespace, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm' },
      data: { key: 'value' },
    })
    const volumes = [
      { name: 'm', configMap: { name: 'm' } },
      { name: 'e', emptyDir: {} },
    ]
    const mounts = [
      { name: 'm', mountPath: '/config' },
      { name: 'e', mountPath: '/shared' },
    ]
    const first = shell('cat /config/key > /shared/out', { name: 'first', volumeMounts: mounts })
    await target.create(
      'pods',
      namespace,
      pod('a', shell('cat /shared/out', { volumeMounts: mounts }), {
        ...once,
        volumes,
        initContainers: [first],
      }),
    )
    await untilPod(target, namespace, 'a', item => item.status?.phase === 'Succeeded', 'succeeded')
    expect(await log(namespace, 'a')).toBe('value')
  }),
)

test.concurrent('an image that nobody has is told as ErrImagePull, then ImagePullBackOff', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', { name: 'c', image: 'localhost:1/nobody/nothing:1' }))
    const pods = record<Pod>(target, 'pods', namespace)
    await pods.until(
      ({ items }) => items[0] && status(items[0])?.state?.waiting?.reason === 'ImagePullBackOff',
      'back-off',
    )
    pods.stop()
    const reasons = pods.seen
      .map(({ object }) => status(object)?.state?.waiting?.reason)
      .filter(reason => reason !== undefined)
    expect(reasons.filter((reason, index) => reason !== reasons[index - 1]).slice(-2)).toEqual([
      'ErrImagePull',
      'ImagePullBackOff',
    ])
  }),
)

test.concurrent('a command that the image lacks ends the container with StartError 128', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', { ...shell(), command: ['no-such-command'] }, once))
    const done = await untilPod(
      target,
      namespace,
      'a',
      item => item.status?.phase === 'Failed' && item,
      'failed',
    )
    const { message, ...rest } = status(done)?.state?.terminated ?? { exitCode: -1 }
    expect(rest).toMatchObject({ exitCode: 128, reason: 'StartError' })
    expect(message).toContain('exec: "no-such-command": executable file not found in $PATH: unknown')
  }),
)

test.concurrent('a container that ends again and again is counted, and held in CrashLoopBackOff', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, pod('a', shell('exit 7')))
    const held = await untilPod(
      target,
      namespace,
      'a',
      item =>
        status(item)?.state?.waiting?.reason === 'CrashLoopBackOff' &&
        (status(item)?.restartCount ?? 0) >= 1 &&
        item,
      'held',
    )
    expect(held.status?.phase).toBe('Running')
    const container = status(held)
    expect(container).toMatchObject({
      ready: false,
      started: false,
      lastState: { terminated: { exitCode: 7, reason: 'Error' } },
    })
    expect(container?.state?.waiting?.message).toMatch(
      /^back-off 10s restarting failed container=c pod=a_conf-\w+\([0-9a-f-]{36}\)$/,
    )
    const told = await untilEvent(target, namespace, 'BackOff')
    expect([told.type, told.message]).toEqual([
      'Warning',
      `Back-off restarting failed container c in pod a_${namespace}(${held.metadata.uid ?? ''})`,
    ])
  }),
)

test.concurrent('restartPolicy OnFailure restarts what failed and not what succeeded', () =>
  inNamespace(target, async namespace => {
    await target.create('pods', namespace, {
      ...pod('a', shell('exit 0')),
      spec: {
        restartPolicy: 'OnFailure',
        containers: [shell('exit 0', { name: 'good' }), shell('exit 1', { name: 'bad' })],
      },
    })
    const again = await untilPod(
      target,
      namespace,
      'a',
      item => (status(item, 'bad')?.restartCount ?? 0) >= 1 && item,
      'restarted',
    )
    expect(status(again, 'good')).toMatchObject({ restartCount: 0, state: { terminated: { exitCode: 0 } } })
  }),
)

test.concurrent('init containers run one after the other, and before the rest', () =>
  inNamespace(target, async namespace => {
    const initContainers = [shell('exit 0', { name: 'one' }), shell('exit 0', { name: 'two' })]
    const pods = record<Pod>(target, 'pods', namespace)
    await target.create('pods', namespace, pod('a', shell(), { initContainers }))
    await pods.until(({ items }) => items.some(isReady), 'ready')
    pods.stop()
    const ready = pods.items[0]
    expect(
      ready?.status?.initContainerStatuses?.map(({ name, ready: done, state }) => [
        name,
        done,
        state?.terminated?.reason,
      ]),
    ).toEqual([
      ['one', true, 'Completed'],
      ['two', true, 'Completed'],
    ])
    const early = pods.seen.filter(({ object }) => status(object, 'two')?.state?.terminated === undefined)
    expect(early.some(({ object }) => status(object)?.state?.running !== undefined)).toBe(false)
    expect(early.some(({ object }) => status(object)?.state?.waiting?.reason === 'PodInitializing')).toBe(
      true,
    )
    const initialized = early.at(-1)?.object.status?.conditions?.find(({ type }) => type === 'Initialized')
    expect(initialized).toMatchObject({ status: 'False', reason: 'ContainersNotInitialized' })
  }),
)

test.concurrent('an init container that fails under Never fails the pod', () =>
  inNamespace(target, async namespace => {
    await target.create(
      'pods',
      namespace,
      pod('a', shell(), { ...once, initContainers: [shell('exit 4', { name: 'one' })] }),
    )
    const done = await untilPod(
      target,
      namespace,
      'a',
      item => item.status?.phase === 'Failed' && item,
      'failed',
    )
    expect(status(done, 'one')?.state?.terminated?.exitCode).toBe(4)
    expect(status(done)?.state?.waiting?.reason).toBe('PodInitializing')
  }),
)

test.concurrent(
  'a sidecar starts before the rest, holds it until started, and does not keep the pod from ending',
  () =>
    inNamespace(target, async namespace => {
      const startupProbe = {
        exec: { command: ['sh', '-c', 'test -e up'] },
        periodSeconds: 1,
        failureThreshold: 60,
      }
      const sidecar = shell("trap 'exit 0' TERM; sleep 5; : > up; sleep 3600 & wait", {
        name: 'side',
        restartPolicy: 'Always',
        startupProbe,
      })
      const pods = record<Pod>(target, 'pods', namespace)
      await target.create(
        'pods',
        namespace,
        pod('a', shell('exit 0'), { ...once, initContainers: [sidecar] }),
      )
      await pods.until(({ items }) => items.some(item => item.status?.phase === 'Succeeded'), 'succeeded')
      pods.stop()
      const held = pods.seen.find(
        ({ object }) =>
          status(object, 'side')?.started === false && status(object, 'side')?.state?.running !== undefined,
      )
      expect(held === undefined ? 'never seen' : status(held.object)?.state?.waiting?.reason).toBe(
        'PodInitializing',
      )
      const last = pods.items[0]
      expect(last === undefined ? null : status(last, 'side')?.state?.terminated?.exitCode).toBe(0)
    }),
)

test.concurrent('a pod’s life is told in events, in order', () =>
  inNamespace(target, async namespace => {
    const events = record<KubeEvent>(target, 'events', namespace)
    await target.create('pods', namespace, pod('a', shell()))
    const node = await untilPod(target, namespace, 'a', item => isReady(item) && item.spec.nodeName, 'ready')
    await target.remove('pods', namespace, 'a')
    await events.until(({ items }) => items.some(({ reason }) => reason === 'Killing'), 'its end')
    events.stop()
    const told = events.seen.filter(({ type }) => type === 'ADDED').map(({ object }) => object)
    expect(told.map(({ reason, source }) => `${source?.component ?? ''} ${reason}`)).toEqual(
      [
        'default-scheduler Scheduled',
        'kubelet Pulled',
        'kubelet Created',
        'kubelet Started',
        'kubelet Killing',
      ].map(text => (text.startsWith('default') ? (expect.stringMatching(/ Scheduled$/) as string) : text)),
    )
    const text = (reason: string) => told.find(item => item.reason === reason)?.message
    expect(text('Scheduled')).toMatch(new RegExp(`^Successfully assigned ${namespace}/a to ${node}$`))
    expect([text('Created'), text('Started'), text('Killing')]).toEqual([
      'Created container: c',
      'Started container c',
      'Stopping container c',
    ])
    expect(text('Pulled')).toMatch(/^Container image ".*" already present on machine$/)
  }),
)
