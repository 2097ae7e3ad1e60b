/** Conformance: the steps of a Deployment's rollout, as the sets are asked for them. */
import { afterAll, expect, test } from 'vitest'
import type { Deployment, Pod, ReplicaSet } from '../kube/types.ts'
import { openAll, setGate } from './testing/gates.ts'
import { inNamespace } from './testing/namespace.ts'
import { condition, gated, isReady, newTemplate, shell, workload } from './testing/objects.ts'
import { beginRollout, deployGated, untilComplete } from './testing/rolling.ts'
import { jsonPatch, openTarget } from './testing/target.ts'
import { record, until, untilOne } from './testing/watching.ts'

const target = await openTarget()
afterAll(() => target.close())

const rolling = (maxSurge: number | string, maxUnavailable: number | string): Record<string, unknown> => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
})

/** replicas, surge, unavailable, and the steps: `+` is one more new pod ready (semantics A.1). */
const rollouts: [number, number | string, number | string, string][] = [
  [1, '25%', '25%', 'new1 + old0'],
  [2, '25%', '25%', 'new1 + old1 new2 + old0'],
  [3, 1, 0, 'new1 + old2 new2 + old1 new3 + old0'],
  [4, '25%', '25%', 'new1 old3 new2 + old2 new3 + old1 new4 + old0 +'],
  [3, 0, 1, 'old2 new1 + old1 new2 + old0 new3 +'],
  [2, '100%', 0, 'new2 + old1 + old0'],
  [1, 0, '25%', 'old0 new1 +'],
]

test.concurrent.each(rollouts)(
  '%i replicas with maxSurge %s and maxUnavailable %s roll as %s',
  (replicas, surge, unavailable, steps) =>
    inNamespace(target, async namespace => {
      await deployGated(target, namespace, rolling(surge, unavailable), replicas)
      const rollout = await beginRollout(target, namespace)
      const expected: string[] = []
      for (const [index, step] of steps.split(' ').entries()) {
        if (step !== '+') {
          expected.push(step)
          continue
        }
        // All that may happen without this pod has happened.
        if (index > 0) await rollout.reached(expected.at(-1) ?? '')
        await rollout.ready()
      }
      await untilComplete(target, namespace)
      await rollout.stop()
      // With maxSurge 0 a new set is made at size 0 first.
      expect(rollout.steps.filter(step => step !== 'new0')).toEqual(expected)
    }),
)

test.concurrent('a new set beside which nothing may run yet is made at size 0', () =>
  inNamespace(target, async namespace => {
    await deployGated(target, namespace, rolling(0, 1), 1)
    const rollout = await beginRollout(target, namespace)
    await rollout.ready()
    await untilComplete(target, namespace)
    await rollout.stop()
    expect(rollout.steps).toEqual(['new0', 'old0', 'new1'])
  }),
)

test.concurrent('a rollback takes the old set again, under a new revision', () =>
  inNamespace(target, async namespace => {
    await deployGated(target, namespace, {}, 1)
    const first = await target.get<Deployment>('deployments', namespace, 'web')
    const rollout = await beginRollout(target, namespace)
    await rollout.ready()
    await untilComplete(target, namespace)
    await rollout.stop()
    const undo = [{ op: 'replace', path: '/spec/template', value: first.spec.template }]
    await target.patch('deployments', namespace, 'web', undo, jsonPatch)
    await openAll(target, namespace, 1)
    await untilComplete(target, namespace)
    const { items } = await target.get<{ items: ReplicaSet[] }>('replicasets', namespace)
    const revisions = items.map(({ metadata, spec }) => [
      metadata.annotations?.['deployment.kubernetes.io/revision'],
      metadata.annotations?.['deployment.kubernetes.io/revision-history'],
      spec.replicas,
    ])
    expect(revisions.sort()).toEqual([
      ['2', undefined, 0],
      ['3', '1', 1],
    ])
    const { metadata } = await target.get<Deployment>('deployments', namespace, 'web')
    expect(metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3')
  }),
)

test.concurrent('a paused Deployment takes a new template without rolling, and rolls when resumed', () =>
  inNamespace(target, async namespace => {
    await deployGated(target, namespace, {}, 1)
    await target.patch('deployments', namespace, 'web', { spec: { paused: true } })
    await target.patch('deployments', namespace, 'web', newTemplate('2'))
    const paused = await untilOne<Deployment, Deployment>(
      target,
      'deployments',
      namespace,
      'web',
      item =>
        item.status?.observedGeneration === item.metadata.generation &&
        item.status?.updatedReplicas === undefined &&
        item,
      'paused and observed',
    )
    expect(paused.status?.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
      status: 'Unknown',
      reason: 'DeploymentPaused',
    })
    expect((await target.get<{ items: ReplicaSet[] }>('replicasets', namespace)).items.length).toBe(1)
    await target.patch('deployments', namespace, 'web', { spec: { paused: null } })
    await until<ReplicaSet, boolean>(
      target,
      'replicasets',
      namespace,
      items => items.length === 2,
      'a new set',
    )
  }),
)

test.concurrent('old sets beyond the history limit are deleted', () =>
  inNamespace(target, async namespace => {
    await target.create('deployments', namespace, workload({ replicas: 1, revisionHistoryLimit: 1 }))
    await untilComplete(target, namespace)
    for (const version of ['2', '3']) {
      await target.patch('deployments', namespace, 'web', newTemplate(version))
      await untilComplete(target, namespace)
    }
    const revisions = await until<ReplicaSet, (string | undefined)[]>(
      target,
      'replicasets',
      namespace,
      items =>
        items.length === 2 &&
        items.map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision']),
      'two sets',
    )
    expect(revisions.sort()).toEqual(['2', '3'])
  }),
)

test.concurrent('a scale in the middle of a rollout is shared in proportion', () =>
  inNamespace(target, async namespace => {
    await deployGated(target, namespace, rolling(1, 1), 4)
    const rollout = await beginRollout(target, namespace)
    await rollout.reached('new2')
    await target.patch('deployments', namespace, 'web/scale', { spec: { replicas: 9 } })
    // 9 + 1 in the proportion of 3 : 2.
    const sizes = await until<ReplicaSet, (number | undefined)[]>(
      target,
      'replicasets',
      namespace,
      items =>
        items.reduce((sum, { spec }) => sum + (spec.replicas ?? 0), 0) === 10 &&
        items.map(({ spec }) => spec.replicas),
      'ten pods asked for',
    )
    await rollout.stop()
    expect(sizes.sort()).toEqual([4, 6])
  }),
)

test.concurrent('Recreate makes no new pod before the old ones are gone', () =>
  inNamespace(target, async namespace => {
    const container = shell(undefined, { lifecycle: { preStop: { sleep: { seconds: 1 } } } })
    await target.create(
      'deployments',
      namespace,
      workload({ replicas: 2, strategy: { type: 'Recreate' } }, { container }),
    )
    await untilComplete(target, namespace)
    const pods = record<Pod>(target, 'pods', namespace)
    await pods.until(({ items }) => items.length === 2, 'the old pods')
    const old = new Set(pods.items.map(({ metadata }) => metadata.name))
    await target.patch('deployments', namespace, 'web', newTemplate('2'))
    await untilComplete(target, namespace)
    await pods.caughtUp()
    pods.stop()
    const order = pods.seen.flatMap(({ type, object }) =>
      type === 'DELETED' && old.has(object.metadata.name)
        ? ['gone']
        : type === 'ADDED' && !old.has(object.metadata.name)
          ? ['new']
          : [],
    )
    // "Gone" is what the controller waits for: an object may outlive its pod by the moment between its end and its removal.
    expect(order.slice(0, 1)).toEqual(['gone'])
    expect([...order].sort()).toEqual(['gone', 'gone', 'new', 'new'])
  }),
)

test.concurrent('a rollout past its deadline says so and goes on', () =>
  inNamespace(target, async namespace => {
    const podSpec = gated
    await target.create(
      'deployments',
      namespace,
      workload({ replicas: 1, progressDeadlineSeconds: 3 }, { podSpec }),
    )
    const late = await untilOne<Deployment, Deployment>(
      target,
      'deployments',
      namespace,
      'web',
      item => condition(item, 'Progressing')?.status === 'False' && item,
      'past its deadline',
    )
    const progressing = late.status?.conditions?.find(({ type }) => type === 'Progressing')
    expect(progressing).toMatchObject({ reason: 'ProgressDeadlineExceeded' })
    expect(progressing?.message).toMatch(/^ReplicaSet "web-[0-9a-z]+" has timed out progressing\.$/)
    await openAll(target, namespace, 1)
    await untilOne<Deployment, boolean>(
      target,
      'deployments',
      namespace,
      'web',
      item => item.status?.conditions?.some(({ reason }) => reason === 'NewReplicaSetAvailable') === true,
      'complete after all',
    )
  }),
)

test.concurrent('minReadySeconds holds availability back, not readiness', () =>
  inNamespace(target, async namespace => {
    await target.create('deployments', namespace, workload({ replicas: 1, minReadySeconds: 8 }))
    const deployments = record<Deployment>(target, 'deployments', namespace)
    await deployments.until(
      ({ items }) => items[0] !== undefined && (items[0].status?.availableReplicas ?? 0) === 1,
      'available',
    )
    deployments.stop()
    const between = deployments.seen.filter(
      ({ object }) => object.status?.readyReplicas === 1 && object.status.availableReplicas === undefined,
    )
    expect(between.length).toBeGreaterThan(0)
  }),
)

test.concurrent('an unready old pod is cut before a ready one', () =>
  inNamespace(target, async namespace => {
    await deployGated(target, namespace, rolling(1, 1), 2)
    const pods = (await target.get<{ items: Pod[] }>('pods', namespace)).items
    const [sick = '', well = ''] = pods.map(({ metadata }) => metadata.name)
    await setGate(target, namespace, sick, false)
    await target.patch('deployments', namespace, 'web', newTemplate('2'))
    await untilOne<Pod, boolean>(
      target,
      'pods',
      namespace,
      sick,
      item => item.metadata.deletionTimestamp !== undefined,
      'deleted',
    )
    const left = await target.get<Pod>('pods', namespace, well)
    expect([left.metadata.deletionTimestamp, isReady(left)]).toEqual([undefined, true])
  }),
)
