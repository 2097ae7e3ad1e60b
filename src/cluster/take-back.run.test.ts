/**
 * A run that dies at any of its changes, before the request is sent or before its answer is read, leaves a journal from
 * which everything is as it was; taken back twice, it is still so. What others did meanwhile is left alone.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import type { KubeClient } from '../kube/client.ts'
import { MutatingClient, type Mutations } from '../kube/mutations.ts'
import type { ConfigMap, KubeObject, Node } from '../kube/types.ts'
import { Journal, readJournal } from './journal.ts'
import { madeByRun } from './made-by-run.ts'
import { takeBackAll } from './take-back-all.ts'
import { web } from './testing/objects.ts'
import { embeddedContext, realContext, type SharedCluster } from './testing/shared-cluster.ts'

const place = { kubeconfigFiles: [], context: 'test', server: '', clusterUid: null, namespace: null }
/** As many as the script makes. */
const CHANGES = 7

class Died extends Error {}

/** Sends reads on; dies at the n-th change. */
function mortal(client: KubeClient, atChange: number, moment: 'before' | 'after'): KubeClient {
  let changes = 0
  return {
    ...client,
    request: async <T>(method: string, path: string, options = {}): Promise<T> => {
      if (method === 'GET') return client.request<T>(method, path, options)
      changes += 1
      if (changes === atChange && moment === 'before') throw new Died()
      const answer = await client.request<T>(method, path, options)
      if (changes === atChange) throw new Died()
      return answer
    },
  }
}

/** A namespace, a workload, a placement, a foreign object that is changed, a drain. */
async function script(mutations: Mutations, namespace: string, node: string, foreign: string): Promise<void> {
  await mutations.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, '')
  await mutations.cordon(node)
  await mutations.create(web(), namespace)
  await mutations.uncordon(node)
  await mutations.patch(foreign, { data: { kept: 'changed', added: 'new' } })
  await mutations.patch(`/apis/apps/v1/namespaces/${namespace}/deployments/web`, { spec: { replicas: 1 } })
  await mutations.cordon(node)
}

const kinds = [
  { name: 'embedded', open: embeddedContext },
  { name: 'real', open: realContext },
] as const

describe.each(kinds)('on the $name cluster', ({ name, open }) => {
  let shared: SharedCluster | null
  const foreign = '/api/v1/namespaces/default/configmaps/rollproof-test-of-others'
  beforeAll(async () => {
    shared = await open()
    await shared?.client.request('POST', '/api/v1/namespaces/default/configmaps', {
      body: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'rollproof-test-of-others' },
        data: { kept: 'as it was' },
      },
    })
  })
  afterAll(async () => {
    await shared?.client.request('DELETE', foreign)
    await shared?.stop()
  })

  async function state({ client }: SharedCluster): Promise<object> {
    const nodes = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
    const namespaces = await client.request<{ items: KubeObject[] }>('GET', '/api/v1/namespaces')
    const { data } = await client.request<ConfigMap>('GET', foreign)
    return {
      data,
      namespaces: namespaces.items
        .map(({ metadata }) => metadata.name)
        .filter(each => each.startsWith('died-')),
      nodes: nodes.items.map(({ metadata, spec }) => ({
        node: metadata.name,
        unschedulable: spec.unschedulable ?? false,
        annotations: Object.keys(metadata.annotations ?? {}).filter(each => each.startsWith('rollproof')),
      })),
    }
  }

  async function workerOf({ client }: SharedCluster): Promise<string> {
    const { items } = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
    const free = items.filter(({ spec }) => spec.taints === undefined)
    return free.at(-1)?.metadata.name ?? ''
  }

  /** Runs the script until it dies; the journal's file is all that is left of it. */
  async function live(
    { client, journals }: SharedCluster,
    runId: string,
    node: string,
    mortalClient: KubeClient,
  ): Promise<{ entries: Journal['entries']; takeBack: () => ReturnType<typeof takeBackAll> }> {
    const journal = new Journal(journals, runId, place)
    const prepare = (object: KubeObject): KubeObject => madeByRun(object, runId, {})
    const mutations = new MutatingClient({ client: mortalClient, runId, log: journal, prepare })
    await script(mutations, runId, node, foreign).catch((error: unknown) => {
      if (!(error instanceof Died)) throw error
    })
    const entries = readJournal(journal.file)?.entries ?? []
    journal.remove()
    return { entries, takeBack: () => takeBackAll({ client, clock: systemClock, runId, entries }) }
  }

  const deaths = Array.from({ length: CHANGES + 1 }, (_, index) => index + 1).flatMap(atChange =>
    (['before', 'after'] as const).map(moment => ({ atChange, moment })),
  )
  it.for(deaths)('dying $moment change $atChange leaves nothing', async ({ atChange, moment }, { skip }) => {
    if (shared === null) return skip('no real cluster: set ROLLPROOF_TEST_KUBECONFIG')
    // Each takes seconds there; the embedded cluster sees all of them.
    if (name === 'real' && atChange % 3 !== 1) return skip('enough of these on a real cluster')
    const before = await state(shared)
    const runId = `died-${atChange}-${moment}-${process.pid}`
    const node = await workerOf(shared)
    const { takeBack } = await live(shared, runId, node, mortal(shared.client, atChange, moment))
    expect((await takeBack()).failed).toEqual([])
    expect(await state(shared)).toEqual(before)
    expect(await takeBack()).toEqual({ done: [], failed: [] })
    expect(await state(shared)).toEqual(before)
  })

  it('what others decided since is left as they decided', async ({ skip }) => {
    if (shared === null) return skip('no real cluster: set ROLLPROOF_TEST_KUBECONFIG')
    const { client } = shared
    const node = await workerOf(shared)
    const { takeBack } = await live(shared, `died-others-${process.pid}`, node, client)
    const patch = (path: string, body: object): Promise<unknown> =>
      client.request('PATCH', `${path}?fieldManager=somebody`, {
        body,
        contentType: 'application/merge-patch+json',
      })
    // Somebody ends our cordon, and later makes one of their own.
    await patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: null } })
    await patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: true } })
    await patch(foreign, { data: { kept: 'of somebody' } })
    expect((await takeBack()).failed).toEqual([])
    const { spec, metadata } = await client.request<Node>('GET', `/api/v1/nodes/${node}`)
    expect(spec.unschedulable).toBe(true)
    expect(Object.keys(metadata.annotations ?? {}).filter(each => each.startsWith('rollproof'))).toEqual([])
    expect((await client.request<ConfigMap>('GET', foreign)).data).toEqual({
      kept: 'of somebody',
      added: 'new',
    })
    await patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: null } })
  })
})
