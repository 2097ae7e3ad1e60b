/**
 * A context as a run uses it: what is made there, and that nothing of it stays. Against the embedded cluster, reached by a
 * kubeconfig, and against a real one where there is one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readdirSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'
import { apiErrorCode } from '../kube/api-error.ts'
import { CORDONED_BY, RUN_LABEL } from '../kube/mutation-requests.ts'
import type { KubeObject, Node, Pod } from '../kube/types.ts'
import type { Cluster } from './cluster.ts'
import { acquireContext } from './context.ts'
import { readJournals } from './journal.ts'
import { embeddedContext, realContext, type SharedCluster } from './testing/shared-cluster.ts'
import { web } from './testing/objects.ts'

const kinds = [
  { name: 'embedded', open: embeddedContext },
  { name: 'real', open: realContext },
] as const

describe.each(kinds)('a context of the $name cluster', ({ open }) => {
  let shared: SharedCluster | null
  beforeAll(async () => {
    shared = await open()
  })
  afterAll(() => shared?.stop())

  const acquire = async (runId: string): Promise<{ cluster: Cluster; shared: SharedCluster }> => {
    if (shared === null) throw new Error('asked for a cluster that is not there')
    const { kubeconfig, context, journals } = shared
    const cluster = await acquireContext({
      kubeconfig: { files: [kubeconfig] },
      context,
      kind: 'context',
      namespace: null,
      images: {},
      touchNodes: 'every',
      runId,
      journals,
      clock: systemClock,
      signal: new AbortController().signal,
      startLoad: () => Promise.reject(new Error('no load here')),
    })
    return { cluster, shared }
  }

  it('tells what it is', async ({ skip }) => {
    if (shared === null) return skip('no real cluster: set ROLLPROOF_TEST_KUBECONFIG')
    const { cluster } = await acquire('facts')
    expect(cluster.facts.kubernetesVersion).toMatch(/^v1\./)
    expect(cluster.facts.nodes.length).toBeGreaterThan(1)
    expect(cluster.facts.modelled).toBe(shared.name === 'embedded')
    await cluster.release()
  })

  it('labels all that is made, and takes it back', async ({ skip }) => {
    if (shared === null) return skip('no real cluster: set ROLLPROOF_TEST_KUBECONFIG')
    const { cluster } = await acquire('take-back')
    const { client, mutations, namespace } = cluster
    const made = await mutations.create(web(), namespace)
    expect(made.metadata.labels).toMatchObject({
      [RUN_LABEL]: 'take-back',
      'app.kubernetes.io/managed-by': 'rollproof',
    })
    const [pod] = await podsIn(cluster, 2)
    expect(pod?.metadata.labels?.[RUN_LABEL]).toBe('take-back')
    await mutations.patch(pathOf(made, namespace), { spec: { replicas: 3 } })
    const node = cluster.facts.nodes.at(-1) ?? ''
    expect(await mutations.cordon(node)).toBe(true)
    expect(await mutations.cordon(node)).toBe(false)

    expect(readJournals(shared.journals)).toHaveLength(1)
    await cluster.release()
    expect(readdirSync(shared.journals)).toEqual([])
    const after = await shared.client.request<Node>('GET', `/api/v1/nodes/${node}`)
    expect(after.spec.unschedulable ?? false).toBe(false)
    expect(after.metadata.annotations?.[CORDONED_BY]).toBeUndefined()
    const gone = await shared.client.request('GET', `/api/v1/namespaces/${namespace}`).catch(apiErrorCode)
    expect(gone).toBe(404)
    expect(client.server).toBe(shared.client.server)
  })
})

const pathOf = (object: KubeObject, namespace: string): string =>
  `/apis/apps/v1/namespaces/${namespace}/deployments/${object.metadata.name}`

async function podsIn({ client, namespace }: Cluster, count: number): Promise<Pod[]> {
  for (;;) {
    const { items } = await client.request<{ items: Pod[] }>('GET', `/api/v1/namespaces/${namespace}/pods`)
    if (items.length >= count) return items
  }
}
