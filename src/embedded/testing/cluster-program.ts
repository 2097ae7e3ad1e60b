/** The whole program, started as its users start it, with a small server as the only image. Tests only. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { sleep, systemClock } from '../../base/clock.ts'
import { LineSplitter, toLine } from '../../base/ndjson.ts'
import type { Deployment, KubeObject, Pod } from '../../kube/types.ts'
import type {
  AddressMode,
  ContainerStepLine,
  EmbeddedReady,
  EmbeddedStart,
  ImageContents,
} from '../../model/embedded-cluster.ts'
import type { ForwardingTable } from '../../model/forwarding.ts'
import { programFile } from '../program-file.ts'

const token = 'secret'

const server = `const server = require('node:http').createServer((_, response) => response.end(process.env.HOSTNAME))
server.listen(Number(process.env.PORT), process.env.POD_IP)
process.on('SIGTERM', () => process.exit(0))
`

export class ClusterProgram {
  readonly ready: EmbeddedReady
  readonly tables: ForwardingTable[] = []
  readonly steps: ContainerStepLine[] = []
  readonly process: ChildProcessByStdio<Writable, Readable, null>
  readonly #root: string

  private constructor(
    root: string,
    ready: EmbeddedReady,
    process: ChildProcessByStdio<Writable, Readable, null>,
  ) {
    this.#root = root
    this.ready = ready
    this.process = process
    void this.#follow('/rollproof/v1/forwarding', this.tables)
    void this.#follow('/rollproof/v1/containers', this.steps)
  }

  static async start(
    settings: Record<string, unknown> = {},
    addresses: AddressMode = 'auto',
    images: Record<string, ImageContents> = {},
  ): Promise<ClusterProgram> {
    const root = mkdtempSync(join(tmpdir(), 'cluster-program-'))
    writeFileSync(join(root, 'server.cjs'), server)
    const child = spawn(process.execPath, [programFile('embedded')], { stdio: ['pipe', 'pipe', 'inherit'] })
    const start: EmbeddedStart = {
      directory: join(root, 'cluster'),
      token,
      port: 0,
      addresses,
      images: {
        web: {
          commands: { server: [process.execPath, join(root, 'server.cjs')], node: [process.execPath] },
          entrypoint: ['server'],
          args: [],
          env: {},
          workingDir: null,
        },
        ...images,
      },
      settings,
    }
    child.stdin.write(toLine(start))
    const ready = await new Promise<EmbeddedReady>((resolve, reject) => {
      const lines = new LineSplitter(line => resolve(JSON.parse(line) as EmbeddedReady))
      child.stdout.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
      child.once('exit', code => reject(new Error(`the cluster ended with ${code ?? 'a signal'}`)))
    })
    return new ClusterProgram(root, ready, child)
  }

  get directory(): string {
    return join(this.#root, 'cluster')
  }

  /** kubectl sends no token over plain HTTP; it stands in the path. */
  get kubectlServer(): string {
    return `${this.ready.url}/token/${token}`
  }

  get kubeconfig(): string {
    const clusters = [{ name: 'c', cluster: { server: this.kubectlServer } }]
    const contexts = [{ name: 'c', context: { cluster: 'c', user: 'u' } }]
    const config = { apiVersion: 'v1', kind: 'Config', clusters, contexts, users: [] }
    return JSON.stringify({ ...config, 'current-context': 'c' })
  }

  get directoryExists(): boolean {
    return existsSync(this.directory)
  }

  async request<T extends KubeObject>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.ready.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  /** A Service `web`, and a Deployment of the same name. */
  async deploy(replicas: number, port = 8080): Promise<void> {
    await this.request('POST', '/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port }] },
    })
    const env = [
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'PORT', value: String(port) },
    ]
    const container = {
      name: 'web',
      image: 'web',
      env,
      ports: [{ containerPort: port }],
      readinessProbe: { httpGet: { path: '/', port }, periodSeconds: 1 },
    }
    await this.request('POST', '/apis/apps/v1/namespaces/default/deployments', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
      },
    })
    await this.until(async () => (await this.deployment()).status?.availableReplicas === replicas)
  }

  deployment(): Promise<Deployment> {
    return this.request('GET', '/apis/apps/v1/namespaces/default/deployments/web')
  }

  async pods(): Promise<Pod[]> {
    const list = await this.request<KubeObject & { items: Pod[] }>('GET', '/api/v1/namespaces/default/pods')
    return list.items
  }

  async until(condition: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await condition())) await sleep(systemClock, 50)
  }

  /** Resolves with the exit code, once the program has gone. */
  exited(): Promise<number | null> {
    if (this.process.exitCode !== null) return Promise.resolve(this.process.exitCode)
    return new Promise(resolve => this.process.once('exit', resolve))
  }

  async close(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.stdin.end()
      await this.exited()
    }
    rmSync(this.#root, { recursive: true, force: true })
  }

  async #follow<T>(path: string, into: T[]): Promise<void> {
    const lines = new LineSplitter(line => into.push(JSON.parse(line) as T))
    const decoder = new TextDecoder()
    try {
      const response = await fetch(this.ready.url + path, { headers: { authorization: `Bearer ${token}` } })
      for await (const chunk of response.body ?? [])
        lines.push(decoder.decode(chunk as Uint8Array, { stream: true }))
    } catch {
      // The stream ends with the cluster.
    }
  }
}
