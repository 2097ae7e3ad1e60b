/** Conformance: how containers start, are asked, restart and report. */
import { afterAll, expect, test } from 'vitest'
import type { ContainerStatus, KubeEvent, Pod } from '../kube/types.ts'
import { inNamespace } from './testing/namespace.ts'
import { idle, isReady, pod, shell, web } from './testing/objects.ts'
import { openTarget } from './testing/target.ts'
import { record, until, untilOne } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

const once = { restartPolicy: 'Never' as const }

async function run(namespace: string, object: object): Promise<void> {
  await target.create('pods', namespace, object)
}

function status(item: Pod, name = 'c'): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = item.status ?? {}
  return [...containerStatuses, ...initContainerStatuses].find(each => each.name === name)
}

function untilPod<V>(
  namespace: string,
  name: string,
  look: (item: Pod) => V | null | undefined | false,
  what: string,
): Promise<V> {
  return untilOne<Pod, V>(target, 'pods', namespace, name, look, what)
}

function untilEvent(namespace: string, reason: string): Promise<KubeEvent> {
  return until<KubeEvent, KubeEvent>(
    target,
    'events',
    namespace,
    items => items.find(item => item.reason === reason),
    `event ${reason}`,
  )
}

const log = (namespace: string, name: string): Promise<string> =>
  target.core.readNamespacedPodLog({ namespace, name })

test.concurrent('a pod that ends well has Succeeded, exit code 0, reason Completed', () =>
  inNamespace(target, async namespace => {
    await run(namespace, pod('a', shell('exit 0'), once))
    const done = await untilPod(
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
    await run(
      namespace,
      pod('a', shell('echo the reason; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' }), once),
    )
    const done = await untilPod(namespace, 'a', item => item.status?.phase === 'Failed' && item, 'failed')
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
    await run(namespace, pod('a', shell(script), once))
    const done = await untilPod(
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
    await run(namespace, pod('a', container, once))
    await untilPod(namespace, 'a', item => item.status?.phase === 'Succeeded', 'succeeded')
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
    await run(namespace, pod('a', shell('echo "$CPU $MEMORY"', { env, resources }), once))
    await untilPod(namespace, 'a', item => item.status?.phase === 'Succeeded', 'succeeded')
    expect(await log(namespace, 'a')).toBe('2 16777216\n')
  }),
)

test.concurrent('a key that is missing keeps the container waiting, and its appearance starts it', () =>
  inNamespace(target, async namespace => {
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: 'k' } } }]
    await run(namespace, pod('a', shell(idle, { env })))
    const waiting = await untilPod(
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
    await untilPod(namespace, 'a', isReady, 'ready')
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
    await run(
      namespace,
      pod('a', shell('cat /shared/out', { volumeMounts: mounts }), {
        ...once,
        volumes,
        initContainers: [first],
      }),
    )
    await untilPod(namespace, 'a', item => item.status?.phase === 'Succeeded', 'succeeded')
    expect(await log(namespace, 'a')).toBe('value')
  }),
)

test.concurrent('an image that nobody has is told as ErrImagePull, then ImagePullBackOff', () =>
  inNamespace(target, async namespace => {
    await run(namespace, pod('a', { name: 'c', image: 'localhost:1/nobody/nothing:1' }))
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
    await run(namespace, pod('a', { ...shell(), command: ['no-such-command'] }, once))
    const done = await untilPod(namespace, 'a', item => item.status?.phase === 'Failed' && item, 'failed')
    const { message, ...rest } = status(done)?.state?.terminated ?? { exitCode: -1 }
    expect(rest).toMatchObject({ exitCode: 128, reason: 'StartError' })
    expect(message).toContain('exec: "no-such-command": executable file not found in $PATH: unknown')
  }),
)

test.concurrent('a container that ends again and again is counted, and held in CrashLoopBackOff', () =>
  inNamespace(target, async namespace => {
    await run(namespace, pod('a', shell('exit 7')))
    const held = await untilPod(
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
    const told = await untilEvent(namespace, 'BackOff')
    expect([told.type, told.message]).toEqual([
      'Warning',
      `Back-off restarting failed container c in pod a_${namespace}(${held.metadata.uid ?? ''})`,
    ])
  }),
)

test.concurrent('restartPolicy OnFailure restarts what failed and not what succeeded', () =>
  inNamespace(target, async namespace => {
    await run(namespace, {
      ...pod('a', shell('exit 0')),
      spec: {
        restartPolicy: 'OnFailure',
        containers: [shell('exit 0', { name: 'good' }), shell('exit 1', { name: 'bad' })],
      },
    })
    const again = await untilPod(
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
    await run(namespace, pod('a', shell(), { initContainers }))
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
    await run(namespace, pod('a', shell(), { ...once, initContainers: [shell('exit 4', { name: 'one' })] }))
    const done = await untilPod(namespace, 'a', item => item.status?.phase === 'Failed' && item, 'failed')
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
      await run(namespace, pod('a', shell('exit 0'), { ...once, initContainers: [sidecar] }))
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

test.concurrent('readiness follows its probe, and a container is started without one at once', () =>
  inNamespace(target, async namespace => {
    const readinessProbe = { exec: { command: ['sh', '-c', 'test -e up'] }, periodSeconds: 1 }
    const pods = record<Pod>(target, 'pods', namespace)
    await run(
      namespace,
      pod('a', shell("trap 'exit 0' TERM; sleep 3; : > up; sleep 3600 & wait", { readinessProbe })),
    )
    await pods.until(({ items }) => items.some(isReady), 'ready')
    pods.stop()
    const before = pods.seen.find(({ object }) => status(object)?.state?.running !== undefined)?.object
    expect(before === undefined ? null : [status(before)?.ready, status(before)?.started]).toEqual([
      false,
      true,
    ])
    expect(before?.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [c]',
    })
    const told = await untilEvent(namespace, 'Unhealthy')
    expect(told).toMatchObject({
      type: 'Warning',
      message: 'Readiness probe failed: ',
      involvedObject: { kind: 'Pod', name: 'a', fieldPath: 'spec.containers{c}' },
    })
  }),
)

test.concurrent('an HTTP probe makes a server ready; one that nobody answers tells how', () =>
  inNamespace(target, async namespace => {
    const readinessProbe = (port: number) => ({ httpGet: { path: '/ready?x=1', port }, periodSeconds: 1 })
    await run(
      namespace,
      pod('good', web({ readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 } })),
    )
    await run(namespace, pod('bad', web({ readinessProbe: readinessProbe(8081) })))
    await untilPod(namespace, 'good', isReady, 'ready')
    const told = await untilEvent(namespace, 'Unhealthy')
    const podIP = await untilPod(namespace, 'bad', item => item.status?.podIP, 'an address')
    expect(told.message).toBe(
      `Readiness probe failed: Get "http://${podIP}:8081/ready?x=1": dial tcp ${podIP}:8081: connect: connection refused`,
    )
  }),
)

test.concurrent('a startup probe holds the others back until it succeeds', () =>
  inNamespace(target, async namespace => {
    const startupProbe = {
      exec: { command: ['sh', '-c', 'test -e up'] },
      periodSeconds: 1,
      failureThreshold: 60,
    }
    const livenessProbe = {
      exec: { command: ['sh', '-c', 'test -e up'] },
      periodSeconds: 1,
      failureThreshold: 1,
    }
    const pods = record<Pod>(target, 'pods', namespace)
    await run(
      namespace,
      pod(
        'a',
        shell("trap 'exit 0' TERM; sleep 3; : > up; sleep 3600 & wait", { startupProbe, livenessProbe }),
      ),
    )
    await pods.until(({ items }) => items.some(isReady), 'ready')
    pods.stop()
    expect(
      pods.seen.some(
        ({ object }) => status(object)?.started === false && status(object)?.state?.running !== undefined,
      ),
    ).toBe(true)
    expect(pods.items[0] && status(pods.items[0])?.restartCount).toBe(0)
  }),
)

test.concurrent('a container that fails its liveness probe is killed and restarted, in the same pod', () =>
  inNamespace(target, async namespace => {
    const livenessProbe = { exec: { command: ['sh', '-c', 'exit 1'] }, periodSeconds: 1, failureThreshold: 1 }
    await run(namespace, pod('a', shell(idle, { livenessProbe })))
    const again = await untilPod(
      namespace,
      'a',
      item => (status(item)?.restartCount ?? 0) >= 1 && item,
      'restarted',
    )
    expect(status(again)?.lastState?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' })
    const told = await untilEvent(namespace, 'Killing')
    expect([told.type, told.message]).toEqual([
      'Normal',
      'Container c failed liveness probe, will be restarted',
    ])
  }),
)

test.concurrent(
  'a readiness probe whose binary is missing never makes ready, a liveness one never kills',
  () =>
    inNamespace(target, async namespace => {
      const missing = { exec: { command: ['no-such-command'] }, periodSeconds: 1, failureThreshold: 1 }
      await run(namespace, pod('ready', shell(idle, { readinessProbe: missing })))
      await run(namespace, pod('alive', shell(idle, { livenessProbe: missing })))
      const told = await until<KubeEvent, KubeEvent[]>(
        target,
        'events',
        namespace,
        items => {
          const errors = items.filter(({ reason, count }) => reason === 'Unhealthy' && (count ?? 0) >= 3)
          return new Set(errors.map(({ involvedObject }) => involvedObject.name)).size === 2 && errors
        },
        'both probes tried three times',
      )
      for (const { message } of told)
        expect(message.replace('(combined from similar events): ', '')).toMatch(
          /^(Readiness|Liveness) probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in container: .*exec: "no-such-command": executable file not found in \$PATH: unknown$/,
        )
      expect(isReady(await target.get<Pod>('pods', namespace, 'ready'))).toBe(false)
      const alive = await target.get<Pod>('pods', namespace, 'alive')
      expect([isReady(alive), status(alive)?.restartCount]).toEqual([true, 0])
    }),
)

test.concurrent('a postStart hook that fails kills the container', () =>
  inNamespace(target, async namespace => {
    const lifecycle = { postStart: { exec: { command: ['sh', '-c', 'exit 5'] } } }
    await run(namespace, pod('a', shell(idle, { lifecycle })))
    const told = await untilEvent(namespace, 'FailedPostStartHook')
    expect([told.type, told.message]).toEqual(['Warning', 'PostStartHook failed'])
    await untilPod(namespace, 'a', item => (status(item)?.restartCount ?? 0) >= 1, 'restarted')
  }),
)

test.concurrent('a pod’s life is told in events, in order', () =>
  inNamespace(target, async namespace => {
    const events = record<KubeEvent>(target, 'events', namespace)
    await run(namespace, pod('a', shell()))
    await untilPod(namespace, 'a', isReady, 'ready')
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
    const { nodeName = '' } =
      (await target.raw<Pod>('GET', `/api/v1/namespaces/${namespace}/pods/a`)).body.spec ?? {}
    expect(text('Scheduled')).toMatch(new RegExp(`^Successfully assigned ${namespace}/a to ${nodeName}`))
    expect([text('Created'), text('Started'), text('Killing')]).toEqual([
      'Created container: c',
      'Started container c',
      'Stopping container c',
    ])
    expect(text('Pulled')).toMatch(/^Container image ".*" already present on machine$/)
  }),
)
