/**
 * The load on a real cluster, where there is one: from pods inside it and from this machine, on a Service of the sample
 * app, whose own account of what arrived is the ground truth. The way to its API is cut while the load runs.
 */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { sleep, systemClock } from '../base/clock.ts'
import type { KubeObject, Pod } from '../kube/types.ts'
import type { LoadSource } from '../model/remote-load.ts'
import type { Cluster } from './cluster.ts'
import { acquireContext } from './context.ts'
import { driverImage, startLoadFrom } from './load-from.ts'
import { startCutProxy, type CutProxy } from './testing/cut-proxy.ts'
import { collector, loadOrder, type Collected } from './testing/load-lab.ts'
import { realContext, type SharedCluster } from './testing/shared-cluster.ts'

const limitMs = 180_000
const noCluster = 'no real cluster: set ROLLPROOF_TEST_KUBECONFIG'
const app = { app: 'web' }

describe('the load on a real cluster', () => {
  let shared: SharedCluster | null = null
  let proxy: CutProxy | null = null
  let kubeconfig = ''
  beforeAll(async () => {
    shared = await realContext()
    if (shared === null) return
    const { hostname, port } = new URL(shared.url)
    proxy = await startCutProxy(Number(port), hostname)
    kubeconfig = path.join(path.dirname(shared.journals), 'through-the-proxy')
    const config = parse(readFileSync(shared.kubeconfig, 'utf8')) as { clusters: { cluster: object }[] }
    for (const { cluster } of config.clusters)
      Object.assign(cluster, { server: `https://127.0.0.1:${proxy.port}` })
    await writeFile(kubeconfig, stringify(config), { mode: 0o600 })
  })
  afterAll(async () => {
    proxy?.close()
    await shared?.stop()
  })

  async function acquire(source: LoadSource, runId: string): Promise<Cluster> {
    const cluster = await acquireContext({
      kubeconfig: { files: [kubeconfig] },
      context: shared?.context ?? '',
      kind: 'context',
      namespace: null,
      images: {},
      touchNodes: 'every',
      runId,
      journals: shared?.journals ?? '',
      clock: systemClock,
      signal: new AbortController().signal,
      startLoad: startLoadFrom(source, driverImage, 2),
    })
    for (const object of workload) await cluster.mutations.create(object, cluster.namespace)
    await until(async () => {
      const { items } = await pods(cluster)
      const ready = items.filter(({ status }) =>
        status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True'),
      )
      return ready.length === 2
    })
    return cluster
  }

  /** Every request that the client counts as answered, the server's log counts too, once. */
  async function expectLedger(cluster: Cluster, prefix: string, { samples }: Collected): Promise<void> {
    const { items } = await pods(cluster)
    const arrived: string[] = []
    for (const { metadata } of items) {
      const stream = await cluster.client.open(
        `/api/v1/namespaces/${cluster.namespace}/pods/${metadata.name}/log`,
        new AbortController().signal,
      )
      let text = ''
      for await (const chunk of stream as AsyncIterable<string>) text += chunk
      for (const match of text.matchAll(/rollproof arrived (\S+)/g)) arrived.push(String(match[1]))
    }
    const ours = arrived.filter(id => id.startsWith(prefix)).sort()
    expect(ours).toEqual(samples.map(({ seq }) => `${prefix}-${seq}`).sort())
  }

  it(
    'comes from pods away from the workload, whole, though the API goes away in between',
    async ({ skip }) => {
      if (shared === null) return skip(noCluster)
      const cluster = await acquire('inside', 'inside')
      try {
        const observer = collector()
        const load = await cluster.startLoad(loadOrder('bbbb0001'), { name: 'web', port: 8080 }, observer)
        await until(() => observer.samples.length > 100)
        proxy?.cut()
        await until(() => observer.samples.length > 400)
        load.stop()
        const { totals, end } = await load.ended
        expect(end).toMatchObject({ exitCode: 0, stderr: '' })
        expect(totals?.succeeded).toBe(observer.samples.length)
        await expectLedger(cluster, 'bbbb0001', observer)
        const record = load.record?.()
        console.info(JSON.stringify(record, null, 1))
        const { items } = await pods(cluster)
        const disturbed = items.map(({ spec }) => spec.nodeName)
        for (const { node, lostLines, reconnects, errorUs } of record?.drivers ?? []) {
          expect(disturbed).not.toContain(node)
          expect(lostLines).toBe(0)
          expect(reconnects).toBeGreaterThan(0)
          expect(errorUs).toBeLessThan(60_000)
        }
      } finally {
        await cluster.release()
      }
    },
    limitMs,
  )

  it(
    'comes from this machine through a node port, and says what that hides',
    async ({ skip }) => {
      if (shared === null) return skip(noCluster)
      const cluster = await acquire('host', 'host')
      try {
        const observer = collector()
        const load = await cluster.startLoad(loadOrder('bbbb0002'), { name: 'web', port: 8080 }, observer)
        await until(() => observer.samples.length > 200)
        load.stop()
        const { totals } = await load.ended
        expect(totals?.succeeded).toBe(observer.samples.length)
        await expectLedger(cluster, 'bbbb0002', observer)
        console.info(JSON.stringify(load.record?.(), null, 1))
        expect(load.record?.()).toMatchObject({ from: 'host', drivers: [] })
        expect(load.record?.().hides.length).toBeGreaterThan(0)
      } finally {
        await cluster.release()
      }
    },
    limitMs,
  )
})

function pods({ client, namespace }: Cluster): Promise<{ items: Pod[] }> {
  return client.request('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Dweb`)
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(systemClock, 200)
}

const variable = (name: string, fieldPath: string): object => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
})
const workload: (KubeObject & Record<string, unknown>)[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: app, ports: [{ port: 8080 }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: app },
      template: {
        metadata: { labels: app },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'web',
              image: driverImage.name,
              env: [variable('POD_NAME', 'metadata.name'), variable('POD_IP', 'status.podIP')],
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  },
]
