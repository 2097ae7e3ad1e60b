import { afterEach, expect, test } from 'vitest'
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

test('an image that the cluster was not given is never pulled', async () => {
  node = new OneNode()
  node.run({ image: 'nowhere/web:1' })
  const reasons: unknown[] = []
  for (let second = 0; second < 30; second++) {
    await node.advance(1000)
    reasons.push(node.pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason)
  }
  expect(new Set(reasons)).toEqual(new Set(['ErrImagePull', 'ImagePullBackOff']))
  expect(node.runtime.started).toEqual([])
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
