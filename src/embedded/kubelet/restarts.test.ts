import { afterEach, expect, test } from 'vitest'
import type { KubeEvent } from '../../kube/types.ts'
import { OneNode } from './testing/one-node.ts'

let node: OneNode
afterEach(() => node.close())

/** How long the container lay still before its instance `index`. */
function gapMs(index: number): number {
  const exitUs = node.container(index - 1).exit?.atUs ?? NaN
  return (node.container(index).startedUs - exitUs) / 1000
}

async function crash(index: number): Promise<void> {
  await node.until(`instance ${index}`, () => node.runtime.started.length > index)
  await node.advance(1500)
  node.container(index).exitWith(1)
}

test('the first restart comes with the PLEG, the next ones wait 10 s and 20 s from the exit (1.35 and later)', async () => {
  node = new OneNode({}, { kubernetesMinor: 35 })
  node.run({})
  for (const index of [0, 1, 2]) await crash(index)
  await node.until('instance 3', () => node.runtime.started.length > 3)
  expect(gapMs(1)).toBeLessThanOrEqual(1000)
  expect(gapMs(2)).toBeGreaterThanOrEqual(10_000)
  expect(gapMs(2)).toBeLessThanOrEqual(16_500)
  expect(gapMs(3)).toBeGreaterThanOrEqual(20_000)
  expect(node.runtime.started.map(({ spec }) => spec.restartCount)).toEqual([0, 1, 2, 3])
})

test('up to 1.34 a sync that meets a back-off is repeated every 10 to 15 s until it is over', async () => {
  node = new OneNode({}, { kubernetesMinor: 34 })
  node.run({})
  for (const index of [0, 1, 2]) await crash(index)
  await node.until('instance 3', () => node.runtime.started.length > 3)
  expect(gapMs(2)).toBeGreaterThanOrEqual(10_000)
  expect(gapMs(2)).toBeLessThanOrEqual(26_000)
  expect(gapMs(3)).toBeGreaterThanOrEqual(20_000)
  expect(gapMs(3)).toBeLessThanOrEqual(36_000)
})

test('init containers run one after the other, and only then the main one', async () => {
  node = new OneNode()
  node.run(
    {},
    {
      initContainers: [
        { name: 'first', image: 'app' },
        { name: 'second', image: 'app' },
      ],
    },
  )
  const names = (): string[] => node.runtime.started.map(({ spec }) => spec.name)
  await node.advance(3000)
  expect(names()).toEqual(['first'])
  expect(node.pod?.status?.phase).toBe('Pending')
  node.container(0).exitWith(0)
  await node.advance(2500)
  expect(names()).toEqual(['first', 'second'])
  node.container(1).exitWith(0)
  await node.advance(2500)
  expect(names()).toEqual(['first', 'second', 'app'])
  expect(node.ready).toBe(true)
})

test('an image that the cluster was not given is tried again with a back-off that doubles', async () => {
  node = new OneNode()
  node.run({ image: 'nowhere/web:1' })
  const reasons: unknown[] = []
  const pulls = (): number =>
    node.api.list<KubeEvent>('events').find(({ reason }) => reason === 'Pulling')?.count ?? 0
  const pulledAt: number[] = []
  for (let second = 0; second < 90; second++) {
    await node.advance(1000)
    reasons.push(node.pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason)
    while (pulledAt.length < pulls()) pulledAt.push(second)
  }
  expect(new Set(reasons)).toEqual(new Set(['ErrImagePull', 'ImagePullBackOff']))
  expect(node.runtime.started).toEqual([])
  const [first = 0, second = 0, third = 0] = pulledAt
  expect(second - first).toBeGreaterThanOrEqual(9)
  expect(second - first).toBeLessThanOrEqual(26)
  expect(third - second).toBeGreaterThanOrEqual(19)
  expect(third - second).toBeLessThanOrEqual(36)
})

test('an image that must not be pulled and is not there says so', async () => {
  node = new OneNode()
  node.run({ image: 'nowhere/web:1', imagePullPolicy: 'Never' })
  await node.advance(3000)
  expect(node.pod?.status?.containerStatuses?.[0]?.state?.waiting).toEqual({
    reason: 'ErrImageNeverPull',
    message: 'Container image "nowhere/web:1" is not present with pull policy of Never',
  })
})

test('a pod that outlives its deadline fails, and is ready no more from then on', async () => {
  node = new OneNode({ onSigterm: 3000 })
  node.run({}, { activeDeadlineSeconds: 8 })
  await node.until('ready', () => node.ready)
  await node.until('unready', () => !node.ready)
  expect(node.pod?.status?.phase).toBe('Running')
  await node.until('failed', () => node.pod?.status?.phase === 'Failed')
  expect(node.pod?.status).toMatchObject({
    reason: 'DeadlineExceeded',
    message: 'Pod was active on the node longer than the specified deadline',
  })
  expect(node.container().exit?.code).toBe(0)
})

test('an init container that fails for good fails the pod, and nothing else is started', async () => {
  node = new OneNode()
  node.run({}, { restartPolicy: 'Never', initContainers: [{ name: 'first', image: 'app' }] })
  await node.until('init runs', () => node.runtime.started.length === 1)
  node.container().exitWith(2)
  await node.until('failed', () => node.pod?.status?.phase === 'Failed')
  expect(node.runtime.started.length).toBe(1)
  expect(node.pod?.status?.conditions?.find(({ type }) => type === 'Initialized')).toMatchObject({
    status: 'False',
    message: 'containers with incomplete status: [first]',
  })
})

test('a pod that is not restarted ends by itself and stays', async () => {
  node = new OneNode()
  node.run({}, { restartPolicy: 'Never' })
  await node.until('running', () => node.pod?.status?.phase === 'Running')
  node.container().exitWith(0)
  await node.until('over', () => node.pod?.status?.phase === 'Succeeded')
  await node.advance(2000)
  expect(node.silenced).toEqual(['127.9.2.1'])
  expect(node.pod).not.toBeNull()
})
