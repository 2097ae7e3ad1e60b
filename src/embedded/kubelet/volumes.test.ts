import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { KubeEvent, KubeObject } from '../../kube/types.ts'
import { rewritePaths } from './mounts.ts'
import { OneNode } from './testing/one-node.ts'

let node: OneNode | undefined
afterEach(() => node?.close())

const flags: KubeObject & { data: Record<string, string> } = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'flags', namespace: 'default' },
  data: { colour: 'red', size: '3' },
}

test('a path under a mount is found wherever a path can begin and end, and nowhere else', () => {
  const mounts = [
    { mountPath: '/cfg/inner', folder: '/V2' },
    { mountPath: '/cfg', folder: '/V1' },
  ]
  const rewritten = (text: string): string => rewritePaths(text, mounts)
  expect(rewritten('/cfg')).toBe('/V1')
  expect(rewritten('--file=/cfg/a --other=/cfg/inner/b')).toBe('--file=/V1/a --other=/V2/b')
  expect(rewritten('/bin:/cfg:/usr')).toBe('/bin:/V1:/usr')
  for (const other of ['/cfgs', '/etc/cfg', 'http://host/cfg']) expect(rewritten(other)).toBe(other)
})

test('a container is led to its volumes, whose files are those that were asked for', async () => {
  node = new OneNode()
  node.api.create('configmaps', flags)
  node.run(
    {
      args: ['--config', '/cfg/c'],
      env: [{ name: 'DATA', value: '/data/x' }],
      volumeMounts: [
        { name: 'config', mountPath: '/cfg' },
        { name: 'scratch', mountPath: '/data', subPath: 'deep' },
      ],
    },
    {
      volumes: [
        { name: 'config', configMap: { name: 'flags', items: [{ key: 'colour', path: 'c', mode: 0o400 }] } },
        { name: 'scratch', emptyDir: {} },
      ],
    },
  )
  await node.until('started', () => node?.runtime.started.length === 1)
  const { argv, env } = node.container().spec
  const folder = join(node.directory, 'volumes')
  expect(argv).toEqual(['app', '--config', join(folder, 'config', 'c')])
  expect(env['DATA']).toBe(join(folder, 'scratch', 'deep', 'x'))
  expect(readFileSync(join(folder, 'config', 'c'), 'utf8')).toBe('red')
  expect(statSync(join(folder, 'config', 'c')).mode & 0o777).toBe(0o400)
  expect(existsSync(join(folder, 'config', 'size'))).toBe(false)
})

test('a ConfigMap that is missing is waited for, and each attempt is an event', async () => {
  node = new OneNode()
  node.run({}, { volumes: [{ name: 'v', configMap: { name: 'flags' } }] })
  await node.advance(4000)
  expect(node.pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ContainerCreating')
  const failed = node.api.list<KubeEvent>('events').find(({ reason }) => reason === 'FailedMount')
  expect(failed?.message).toBe('MountVolume.SetUp failed for volume "v" : configmap "flags" not found')
  // 0, 0.5, 1.5, 3.5 s.
  expect(failed?.count).toBe(4)
  node.api.create('configmaps', flags)
  await node.until('ready', () => node?.ready === true)
})

test('a pod that waits for a volume can be deleted', async () => {
  node = new OneNode()
  node.run({}, { volumes: [{ name: 'v', hostPath: { path: '/etc' } }] })
  await node.advance(3000)
  node.api.delete('pods', 'default', 'web')
  await node.until('gone', () => node?.pod === null)
  expect(node.runtime.started).toEqual([])
})
