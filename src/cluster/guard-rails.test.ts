/** Refusals, against an API server of the test's own that is somebody's real cluster, as far as can be told. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { connectKube, type KubeClient } from '../kube/client.ts'
import type { KubeObject, Node } from '../kube/types.ts'
import { checkGuardRails, isHarmless, type GuardedRun, type Missing } from './guard-rails.ts'
import { rightsFor, rolesFor } from './rbac.ts'
import { web } from './testing/objects.ts'

let close: () => void = () => undefined
afterEach(() => close())

interface World {
  objects: Record<string, object>
  /** What the user may not do: verbs of a resource. */
  forbidden?: Record<string, string[]>
  changes: string[]
}

/** It answers under its own name, so it is no loopback; every change is noted. */
async function serve({ objects, forbidden = {}, changes }: World): Promise<KubeClient> {
  const server = http.createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://server').pathname
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      if (path.endsWith('selfsubjectrulesreviews'))
        return void response.end('{"status":{"resourceRules":[]}}')
      if (path.endsWith('selfsubjectaccessreviews')) {
        const { resource, subresource, verb } = (
          JSON.parse(text) as { spec: { resourceAttributes: Record<string, string> } }
        ).spec.resourceAttributes
        const full = subresource === undefined ? resource : `${resource ?? ''}/${subresource}`
        const allowed = forbidden[full ?? '']?.includes(verb ?? '') !== true
        return void response.end(JSON.stringify({ status: { allowed } }))
      }
      if (request.method !== 'GET') changes.push(`${request.method ?? ''} ${path}`)
      const found = objects[path]
      if (found === undefined) response.writeHead(404)
      response.end(JSON.stringify(found ?? { kind: 'Status', reason: 'NotFound', code: 404 }))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const config = {
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'prod', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'prod',
  }
  const client = await connectKube(JSON.stringify(config))
  close = () => {
    client.close()
    server.closeAllConnections()
    server.close()
  }
  return { ...client, server: 'https://10.0.0.1:6443/' }
}

const node = (name: string, labels: Record<string, string> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: {},
})
const allowed = { 'rollproof.dev/allowed': 'true' }
const namespace = (labels: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', labels },
})
const ready = {
  '/api/v1/namespaces/shop': namespace(allowed),
  '/api/v1/nodes': { items: [node('n1', allowed), node('n2', allowed)] },
  '/api/v1/namespaces/shop/pods': { items: [] },
}

async function check(
  world: Partial<World>,
  run: Partial<GuardedRun> = {},
): Promise<Missing & { changes: string[] }> {
  const changes: string[] = []
  const client = await serve({ objects: ready, changes, ...world })
  const missing = await checkGuardRails({
    client,
    context: 'prod',
    kubectl: 'kubectl --context prod',
    named: true,
    namespace: 'shop',
    images: { 'rollproof/sample-app:1': 'example/app:1' },
    allowDrain: true,
    builtIn: ['rollproof/sample-app:1'],
    driverImages: [],
    objects: [web()],
    cordons: true,
    drains: true,
    ...run,
  })
  return { ...missing, changes }
}

describe('a context that is somebody’s cluster', () => {
  it('is taken when it was named, and namespace and nodes are labelled', async () => {
    expect(await check({})).toMatchObject({ complaints: [], rights: [], changes: [] })
  })

  it('is refused for everything that is missing at once, and nothing is touched', async () => {
    const objects = {
      ...ready,
      '/api/v1/namespaces/shop': namespace({}),
      '/api/v1/nodes': { items: [node('n1'), node('n2', allowed)] },
    }
    const forbidden = { nodes: ['patch'], 'pods/eviction': ['create'], deployments: ['create'] }
    const run = { named: false, images: {}, allowDrain: false }
    const { complaints, rights, changes } = await check({ objects, forbidden }, run)
    expect(complaints).toEqual([
      expect.stringContaining('--context prod'),
      expect.stringContaining('kubectl --context prod label namespace shop rollproof.dev/allowed=true'),
      expect.stringContaining('--image rollproof/sample-app:1=IMAGE'),
      expect.stringContaining('--allow-drain'),
      expect.stringContaining('kubectl --context prod label node n1 rollproof.dev/allowed=true'),
    ])
    expect(rights).toEqual([
      { group: 'apps', resource: 'deployments', verbs: ['create'], scope: 'namespace' },
      { group: '', resource: 'nodes', verbs: ['patch'], scope: 'cluster' },
      { group: '', resource: 'pods/eviction', verbs: ['create'], scope: 'cluster' },
    ])
    expect(changes).toEqual([])
  })

  it('is refused without a namespace, or with one that is not there', async () => {
    expect((await check({}, { namespace: null })).complaints).toEqual([
      expect.stringContaining('-n NAMESPACE'),
    ])
    const { complaints } = await check({}, { namespace: 'other' })
    expect(complaints).toEqual([expect.stringContaining('create namespace other')])
  })

  it('is refused where names, or labels of pods, are taken', async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'old-1', labels: { app: 'web', x: 'y' } } }
    const taken = { ...web(), metadata: { name: 'web', labels: { 'rollproof.dev/run': 'r1' } } }
    const objects = {
      ...ready,
      '/apis/apps/v1/namespaces/shop/deployments/web': taken,
      '/api/v1/namespaces/shop/pods': { items: [pod] },
    }
    expect((await check({ objects })).complaints).toEqual([
      expect.stringMatching(/Deployment web is already there, made by run r1/),
      expect.stringMatching(
        /a pod carries the labels of the Deployment web.*old-1, and not made by rollproof/,
      ),
    ])
  })

  it('needs no label on any node where no node is touched', async () => {
    const objects = { ...ready, '/api/v1/nodes': { items: [node('n1')] } }
    const run = { cordons: false, drains: false, allowDrain: false }
    expect((await check({ objects }, run)).complaints).toEqual([])
  })
})

describe('a cluster that may be used without asking', () => {
  const kindNode = { ...node('n'), spec: { providerID: 'kind://docker/x/n' } }
  it.each([
    ['https://127.0.0.1:6443', 'prod', [], true],
    ['https://[::1]:6443', 'prod', [], true],
    ['http://localhost:1', 'prod', [], true],
    ['https://127.evil.example', 'prod', [], false],
    ['https://172.18.0.2:6443', 'kind-x', [kindNode], true],
    ['https://172.18.0.2:6443', 'prod', [kindNode], false],
    ['https://172.18.0.2:6443', 'kind-x', [node('n')], false],
    ['https://172.18.0.2:6443', 'kind-x', [], false],
  ])('%s as %s', (server, context, nodes, harmless) => {
    expect(isHarmless(server, context, nodes)).toBe(harmless)
  })
})

describe('the rights', () => {
  const doings = { objects: [web()], ownNamespace: false, cordons: false, drains: false }

  it('are granted by a Role for the namespace, and a ClusterRole for what lies in none', () => {
    const [role, clusterRole, ...others] = rolesFor(rightsFor(doings), 'shop')
    expect(others).toEqual([])
    expect(role).toMatchObject({ kind: 'Role', metadata: { namespace: 'shop' } })
    expect(clusterRole?.rules).toEqual([{ apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] }])
  })

  it('reach beyond the namespace only for drains, and for namespaces of its own', () => {
    const beyond = (change: object): string[] =>
      rightsFor({ ...doings, ...change })
        .filter(({ scope }) => scope === 'cluster')
        .map(({ resource, verbs }) => `${resource}: ${verbs.join(' ')}`)
    expect(beyond({ drains: true })).toEqual([
      'nodes: list watch get patch',
      'pods: list',
      'pods/eviction: create',
    ])
    expect(beyond({ ownNamespace: true })).toContain('namespaces: get create delete')
  })

  it('name each kind of the manifests', () => {
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web' } }
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'web' } }
    const named = rightsFor({ ...doings, objects: [budget, policy] }).map(
      ({ group, resource }) => `${resource}.${group}`,
    )
    expect(named).toContain('poddisruptionbudgets.policy')
    expect(named).toContain('networkpolicies.networking.k8s.io')
  })
})
