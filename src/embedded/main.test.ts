import { afterEach, expect, test } from 'vitest'
import { present } from '../base/assert.ts'
import type { Pod } from '../kube/types.ts'
import { childrenOf, processFile } from '../testing/processes.ts'
import { processesOfCluster } from './process-groups.ts'
import { ClusterProgram } from './testing/cluster-program.ts'
import { dial as dialTo, type DialEnd } from './testing/dial.ts'

let cluster: ClusterProgram
afterEach(() => cluster.close())

const fast = { silenceMs: 60_000 }

function address(pod: Pod): string {
  return present(pod.status?.podIP, `address of ${pod.metadata.name}`)
}

const dial = (host: string): Promise<DialEnd> => dialTo(host, 8080, 300)

/** The id that every process of the cluster's pods carries, read from one of them. */
function clusterId(program: ClusterProgram): string {
  const started = Number(program.process.pid)
  for (const pid of childrenOf(started)) {
    const found = /ROLLPROOF_CLUSTER=([^\0]+)/.exec(processFile(pid, 'environ'))?.[1]
    if (found !== undefined) return found
  }
  throw new Error('no pod process found')
}

test('a rolling update replaces every pod, the tables follow, and the old addresses fall silent', async () => {
  cluster = await ClusterProgram.start(fast)
  expect(cluster.ready.nodes).toEqual(['control-plane', 'worker-1', 'worker-2', 'worker-3'])
  await cluster.deploy(3)
  const before = await cluster.pods()
  expect(await Promise.all(before.map(pod => dial(address(pod))))).toEqual(Array(3).fill('connected'))

  await cluster.request('PATCH', '/apis/apps/v1/namespaces/default/deployments/web', {
    spec: { template: { metadata: { annotations: { version: '2' } } } },
  })
  const old = new Set(before.map(pod => pod.metadata.uid))
  await cluster.until(async () => {
    const pods = await cluster.pods()
    return pods.length === 3 && pods.every(pod => !old.has(pod.metadata.uid))
  })
  const after = await cluster.pods()
  const wanted = after.map(address).sort()
  await cluster.until(() =>
    cluster.ready.nodes.every(node => {
      const table = cluster.tables.findLast(one => one.node === node)
      const endpoints = table?.services.find(({ service }) => service === 'default/web:8080')?.endpoints
      return JSON.stringify(endpoints?.map(endpoint => endpoint.address).sort()) === JSON.stringify(wanted)
    }),
  )
  expect(await Promise.all(before.map(pod => dial(address(pod))))).toEqual(Array(3).fill('hangs'))
  for (const pod of before) {
    const steps = cluster.steps.filter(step => step.pod === pod.metadata.name).map(({ step }) => step)
    expect(steps).toEqual(['process-started', 'sigterm-sent', 'exited', 'sandbox-gone'])
  }
  for (const node of cluster.ready.nodes) {
    const versions = cluster.tables.filter(table => table.node === node).map(({ version }) => version)
    expect(versions).toEqual(versions.map((_, index) => (versions[0] ?? 0) + index))
  }
})

test('a Service can be dialled by its cluster IP, and refuses when it has no endpoint', async () => {
  cluster = await ClusterProgram.start(fast)
  await cluster.deploy(1)
  const service = await cluster.request<Pod & { spec: { clusterIP: string } }>(
    'GET',
    '/api/v1/namespaces/default/services/web',
  )
  const clusterIP = service.spec.clusterIP
  await cluster.until(async () => (await dial(clusterIP)) === 'connected')
  const [pod] = await cluster.pods()
  expect(await (await fetch(`http://${clusterIP}:8080/`)).text()).toBe(pod?.metadata.name)
  await cluster.request('PATCH', '/apis/apps/v1/namespaces/default/deployments/web', {
    spec: { replicas: 0 },
  })
  await cluster.until(async () => (await dial(clusterIP)) === 'refused')
})

test('the end of its input ends the program, its pods and its folder', async () => {
  cluster = await ClusterProgram.start(fast)
  await cluster.deploy(2)
  const id = clusterId(cluster)
  expect(processesOfCluster(id).length).toBe(2)
  cluster.process.stdin.end()
  expect(await cluster.exited()).toBe(0)
  expect(processesOfCluster(id)).toEqual([])
  expect(cluster.directoryExists).toBe(false)
})

test('after SIGKILL its pods and its folder go', async () => {
  cluster = await ClusterProgram.start(fast)
  await cluster.deploy(2)
  const id = clusterId(cluster)
  cluster.process.kill('SIGKILL')
  await cluster.until(() => processesOfCluster(id).length === 0 && !cluster.directoryExists)
})

test('a reaper that dies is replaced', async () => {
  cluster = await ClusterProgram.start(fast)
  await cluster.deploy(1)
  const id = clusterId(cluster)
  const reapers = (): number[] =>
    childrenOf(Number(cluster.process.pid)).filter(pid => processFile(pid, 'cmdline').includes('reaper.js'))
  const first = present(reapers()[0], 'a reaper')
  process.kill(first, 'SIGKILL')
  await cluster.until(() => reapers().some(pid => pid !== first))
  cluster.process.kill('SIGKILL')
  await cluster.until(() => processesOfCluster(id).length === 0 && !cluster.directoryExists)
})
