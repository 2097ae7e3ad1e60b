import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningServer } from '../testing/running-server.ts'
import { runServer, token } from '../testing/running-server.ts'
import { servedKinds } from '../resources.ts'
import { structType } from '../schema/go-types.ts'
import { typeNameOf } from '../schema/kind-types.ts'

interface Document {
  paths: Record<string, Record<string, { parameters?: { name: string }[] }>>
  components: { schemas: Record<string, { required?: string[]; properties?: Record<string, object> }> }
}

interface ResourceList {
  resources: { name: string; verbs: string[] }[]
}

let server: RunningServer
let index: Record<string, { serverRelativeURL: string }>
beforeAll(async () => {
  server = await runServer()
  index = (await json<{ paths: typeof index }>('/openapi/v3')).paths
})
afterAll(() => server.close())

async function json<T>(url: string): Promise<T> {
  return (await (await server.request(url)).json()) as T
}

function documents(): Promise<[name: string, document: Document][]> {
  const load = async ([name, { serverRelativeURL }]: [string, { serverRelativeURL: string }]): Promise<
    [string, Document]
  > => [name, await json<Document>(serverRelativeURL)]
  return Promise.all(Object.entries(index).map(load))
}

describe('OpenAPI v3', () => {
  it('describes every kind that is served', () => {
    for (const kind of servedKinds) expect(structType(typeNameOf(kind)).fields.has('metadata')).toBe(true)
  })

  it('holds every schema that it refers to', async () => {
    for (const [, document] of await documents()) {
      const refs = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)]
      expect(refs.length).toBeGreaterThan(0)
      expect(
        refs.map(([, name = '']) => name).filter(name => !(name in document.components.schemas)),
      ).toEqual([])
    }
  })

  it('names the same resources and verbs as discovery', async () => {
    const methods: Record<string, string> = { create: 'post', update: 'put', patch: 'patch', get: 'get' }
    for (const [name, document] of await documents()) {
      const { resources } = await json<ResourceList>(`/${name}`)
      for (const { name: resource, verbs } of resources) {
        const [plural, subresource] = resource.split('/')
        const end =
          subresource === undefined ? `/${plural ?? ''}/{name}` : `/${plural ?? ''}/{name}/${subresource}`
        const paths = Object.entries(document.paths).filter(
          ([url]) => url.endsWith(end) || url.endsWith(`/${plural ?? ''}`),
        )
        const offered = new Set(paths.flatMap(([, operations]) => Object.keys(operations)))
        for (const verb of verbs)
          expect([resource, [...offered]]).toEqual([
            resource,
            expect.arrayContaining([methods[verb] ?? offered.values().next().value]),
          ])
      }
    }
  })

  it('lets kubectl see that fields are validated and dry runs are possible', async () => {
    const document = await json<Document>('/openapi/v3/apis/apps/v1')
    const patch = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.['patch']
    expect(patch?.parameters?.map(({ name }) => name)).toEqual([
      'dryRun',
      'fieldManager',
      'fieldValidation',
      'force',
    ])
  })

  it('gives a field its type, its lists their keys, and its sentence', async () => {
    const { components } = await json<Document>('/openapi/v3/apis/apps/v1')
    expect(components.schemas['io.k8s.api.apps.v1.DeploymentSpec']).toMatchObject({
      required: ['selector', 'template'],
      properties: {
        replicas: {
          type: 'integer',
          format: 'int32',
          description: expect.stringContaining('pods') as string,
        },
        strategy: { 'x-kubernetes-patch-strategy': 'retainKeys' },
      },
    })
    expect(components.schemas['io.k8s.api.core.v1.PodSpec']?.properties?.['containers']).toMatchObject({
      type: 'array',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    })
  })

  it('sends a client with an old hash to the new one, and one that has it nothing', async () => {
    const { serverRelativeURL } = index['apis/apps/v1'] ?? { serverRelativeURL: '' }
    const current = await server.request(serverRelativeURL)
    const etag = current.headers.get('ETag') ?? ''
    expect(serverRelativeURL).toContain(`hash=${etag.slice(1, -1)}`)
    expect((await server.request(serverRelativeURL, { headers: { 'If-None-Match': etag } })).status).toBe(304)
    expect((await server.request('/openapi/v3/apis/apps/v1?hash=old')).url).toContain(serverRelativeURL)
  })
})

const { error } = spawnSync('kubectl', ['version', '--client'])
if (error !== undefined) console.warn('SKIPPED: kubectl is not on PATH, so `kubectl explain` is not tried')

describe.skipIf(error !== undefined)('kubectl explain', () => {
  let folder: string
  let kubeconfig: string
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'rollproof-explain-'))
    kubeconfig = path.join(folder, 'kubeconfig')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: `${server.url}/token/${token}` } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: '' } }],
      'current-context': 'c',
    }
    writeFileSync(kubeconfig, JSON.stringify(config))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function explain(...what: string[]): Promise<string> {
    const { spawn } = await import('node:child_process')
    const environment = { ...process.env, KUBECONFIG: kubeconfig, HOME: folder }
    const child = spawn('kubectl', ['explain', ...what], { env: environment })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    await new Promise(resolve => child.on('close', resolve))
    return output
  }

  it('shows a field, a whole tree, and what does not exist', async () => {
    const strategy = await explain('deployment.spec.strategy')
    expect(strategy).toContain('FIELD: strategy <DeploymentStrategy>')
    expect(strategy).toContain('rollingUpdate\t<RollingUpdateDeployment>')
    expect(await explain('pods', '--recursive')).toContain('terminationGracePeriodSeconds\t<integer>')
    expect(await explain('pod.spec.restartPolicy')).toContain('ENUM:\n    Always\n    Never\n    OnFailure\n')
    expect(await explain('deployment.spec.foo')).toContain('error: field "foo" does not exist')
  })
})
