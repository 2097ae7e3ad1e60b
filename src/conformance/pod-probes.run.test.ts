/** Conformance: probes and start hooks, and what they do to a container. */
import { afterAll, expect, test } from 'vitest'
import type { KubeEvent, Pod } from '../kube/types.ts'
import { inNamespace } from './testing/namespace.ts'
import { idle, isReady, pod, shell, web } from './testing/objects.ts'
import { status, untilEvent, untilPod } from './testing/pods.ts'
import { openTarget } from './testing/target.ts'
import { record, until } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

test.concurrent('readiness follows its probe, and a container is started without one at once', () =>
  inNamespace(target, async namespace => {
    const readinessProbe = { exec: { command: ['sh', '-c', 'test -e up'] }, periodSeconds: 1 }
    const pods = record<Pod>(target, 'pods', namespace)
    await target.create(
      'pods',
      namespace,
      pod('a', shell("trap 'exit 0' TERM; sleep 8; : > up; sleep 3600 & wait", { readinessProbe })),
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
    const told = await untilEvent(target, namespace, 'Unhealthy')
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
    await target.create(
      'pods',
      namespace,
      pod('good', web({ readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 } })),
    )
    await target.create('pods', namespace, pod('bad', web({ readinessProbe: readinessProbe(8081) })))
    await untilPod(target, namespace, 'good', isReady, 'ready')
    const told = await untilEvent(target, namespace, 'Unhealthy')
    const podIP = await untilPod(target, namespace, 'bad', item => item.status?.podIP, 'an address')
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
    await target.create(
      'pods',
      namespace,
      pod(
        'a',
        shell("trap 'exit 0' TERM; sleep 8; : > up; sleep 3600 & wait", { startupProbe, livenessProbe }),
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
    await target.create('pods', namespace, pod('a', shell(idle, { livenessProbe })))
    const again = await untilPod(
      target,
      namespace,
      'a',
      item => (status(item)?.restartCount ?? 0) >= 1 && item,
      'restarted',
    )
    expect(status(again)?.lastState?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' })
    const told = await untilEvent(target, namespace, 'Killing')
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
      await target.create('pods', namespace, pod('ready', shell(idle, { readinessProbe: missing })))
      await target.create('pods', namespace, pod('alive', shell(idle, { livenessProbe: missing })))
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
    await target.create('pods', namespace, pod('a', shell(idle, { lifecycle })))
    const told = await untilEvent(target, namespace, 'FailedPostStartHook')
    expect([told.type, told.message]).toEqual(['Warning', 'PostStartHook failed'])
    await untilPod(target, namespace, 'a', item => (status(item)?.restartCount ?? 0) >= 1, 'restarted')
  }),
)
