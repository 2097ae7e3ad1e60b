import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node'
import type { V1Deployment } from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LogTimes } from '../log-times.ts'
import { budget, deployment, pod, runningPod } from './testing/objects.ts'
import type { RunningServer } from './testing/running-server.ts'
import { runServer, token } from './testing/running-server.ts'

let server: RunningServer
let config: KubeConfig
beforeEach(async () => {
  server = await runServer()
  config = new KubeConfig()
  config.loadFromOptions({
    // The client refuses plain HTTP without this flag.
    clusters: [{ name: 'c', server: server.url, skipTLSVerify: true }],
    users: [{ name: 'u', token }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  })
})
afterEach(() => server.close())

/** As the client's own type, which is wider than ours in what may be undefined. */
function manifest(replicas = 1): V1Deployment {
  const object = deployment()
  return { ...object, spec: { ...object.spec, replicas } } as unknown as V1Deployment
}

const web = { namespace: 'default', name: 'web' }

it('creates, patches and lists with the typed clients', async () => {
  const apps = config.makeApiClient(AppsV1Api)
  const created = await apps.createNamespacedDeployment({ namespace: 'default', body: manifest() })
  expect(created.spec?.strategy?.rollingUpdate?.maxSurge).toBe('25%')
  const patch = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch)
  await apps.patchNamespacedDeployment({ ...web, body: { spec: { replicas: 3 } } }, patch)
  const { items } = await apps.listNamespacedDeployment({ namespace: 'default' })
  expect(items.map(item => [item.metadata?.name, item.spec?.replicas])).toEqual([['web', 3]])
  const scale = await apps.readNamespacedDeploymentScale(web)
  expect(scale.spec?.replicas).toBe(3)
})

it('applies and deletes whole objects with the untyped client', async () => {
  const objects = KubernetesObjectApi.makeApiClient(config)
  await objects.create(manifest())
  await objects.patch(manifest(2), undefined, undefined, 'test', true, PatchStrategy.ServerSideApply)
  expect(server.registry.read('deployments', 'default', 'web')).toMatchObject({ spec: { replicas: 2 } })
  await objects.delete(manifest())
  expect(server.registry.get('deployments', 'default', 'web')).toBeNull()
})

it('evicts, and sees the refusal of a disruption budget as 429', async () => {
  const core = config.makeApiClient(CoreV1Api)
  runningPod(server.registry, 'a')
  budget(server.registry, 'b', {})
  const evict = { name: 'a', namespace: 'default', body: { metadata: { name: 'a', namespace: 'default' } } }
  await expect(core.createNamespacedPodEviction(evict)).rejects.toMatchObject({ code: 429 })
  server.registry.delete('poddisruptionbudgets', 'default', 'b')
  await core.createNamespacedPodEviction(evict)
  expect(server.registry.read('pods', 'default', 'a').metadata.deletionGracePeriodSeconds).toBe(30)
})

it('watches', async () => {
  const seen: string[] = []
  const watching = await new Watch(config).watch(
    '/api/v1/namespaces/default/pods',
    {},
    (phase, object: { metadata: { name: string } }) => seen.push(`${phase} ${object.metadata.name}`),
    () => undefined,
  )
  server.registry.create('pods', pod('a'))
  server.registry.delete('pods', 'default', 'a')
  await expect.poll(() => seen).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a'])
  watching.abort()
})

it('follows a log to its end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollproof-log-'))
  const file = join(folder, 'log')
  writeFileSync(file, 'one\ntwo\n')
  server.registry.create('pods', pod('a'))
  server.logs.set('a/app', { file, times: new LogTimes(file), ended: () => true })
  const sink = new PassThrough()
  await new Log(config).log('default', 'a', 'app', sink, { follow: true })
  let text = ''
  for await (const chunk of sink) text += String(chunk)
  expect(text).toBe('one\ntwo\n')
  rmSync(folder, { recursive: true })
})
