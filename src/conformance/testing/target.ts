/**
 * The cluster under test: the one that ROLLPROOF_CONFORMANCE_KUBECONFIG (and …_CONTEXT) name, or else an embedded cluster
 * started for the test file. Everything goes through client-node's configuration, so credentials are the kubeconfig's own;
 * `raw` is for what the typed clients hide: status codes, headers, content types and bodies of errors.
 */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { AppsV1Api, CoreV1Api, KubeConfig, PolicyV1Api } from '@kubernetes/client-node'
import { present } from '../../base/assert.ts'
import { systemClock } from '../../base/clock.ts'
import { startEmbedded } from '../../cluster/embedded.ts'
import { kubeconfigFor } from '../../cluster/kubeconfig.ts'
import { clusterInputsWithDefaults } from '../../scenario/defaults.ts'
import type { KubeObject, Status } from '../../kube/types.ts'
import { imageContents } from './image.ts'
import { pathOf, type Plural } from './paths.ts'

const STOP_GRACE_MS = 5000

export interface Answer<T = Status> {
  code: number
  headers: http.IncomingHttpHeaders
  body: T
}

export interface RawOptions {
  body?: unknown
  contentType?: string
  accept?: string
}

export interface Target {
  embedded: boolean
  config: KubeConfig
  core: CoreV1Api
  apps: AppsV1Api
  policy: PolicyV1Api
  /** Resolves with every answer, errors of the API too. */
  raw<T = Status>(method: string, path: string, options?: RawOptions): Promise<Answer<T>>
  /** Rejects unless the answer is a success. */
  get<T extends object>(plural: Plural, namespace: string, name?: string): Promise<T>
  create<T extends KubeObject>(plural: Plural, namespace: string, object: object): Promise<T>
  /** A merge patch, unless told otherwise. */
  patch<T extends KubeObject>(
    plural: Plural,
    namespace: string,
    name: string,
    patch: unknown,
    contentType?: string,
  ): Promise<T>
  remove(plural: Plural, namespace: string, name: string, body?: object): Promise<void>
  close(): Promise<void>
}

export const mergePatch = 'application/merge-patch+json'
export const jsonPatch = 'application/json-patch+json'
export const strategicPatch = 'application/strategic-merge-patch+json'
export const applyPatch = 'application/apply-patch+yaml'

export async function openTarget(): Promise<Target> {
  const file = process.env.ROLLPROOF_CONFORMANCE_KUBECONFIG
  if (file !== undefined) {
    const config = new KubeConfig()
    config.loadFromString(readFileSync(file, 'utf8'))
    const context = process.env.ROLLPROOF_CONFORMANCE_CONTEXT
    if (context !== undefined) config.setCurrentContext(context)
    return targetOf(config, false, () => Promise.resolve())
  }
  const { ready, token, child } = await startEmbedded({
    inputs: { ...clusterInputsWithDefaults({}), nodes: 2 },
    images: imageContents(),
    seed: 1,
    clock: systemClock,
    givesWay: false,
  })
  const config = new KubeConfig()
  config.loadFromString(kubeconfigFor('embedded', ready.url, token))
  return targetOf(config, true, async () => {
    await child.stop(STOP_GRACE_MS)
  })
}

async function targetOf(config: KubeConfig, embedded: boolean, stop: () => Promise<void>): Promise<Target> {
  const server = new URL(present(config.getCurrentCluster(), 'the current cluster').server)
  const options: https.RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const secure = server.protocol === 'https:'
  const { ca, cert, key, rejectUnauthorized } = options
  const agent = secure
    ? new https.Agent({ keepAlive: true, ca, cert, key, rejectUnauthorized })
    : new http.Agent({ keepAlive: true })
  const credentials = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]),
  )

  const raw = <T>(method: string, path: string, request: RawOptions = {}): Promise<Answer<T>> => {
    const text = request.body === undefined ? null : bodyText(request.body)
    const headers = {
      ...credentials,
      accept: request.accept ?? 'application/json',
      ...(text === null
        ? {}
        : {
            'content-type': request.contentType ?? 'application/json',
            'content-length': Buffer.byteLength(text),
          }),
    }
    return new Promise((resolve, reject) => {
      const url = new URL(server.pathname.replace(/\/$/, '') + path, server)
      const sent = (secure ? https : http).request(url, { method, agent, headers }, response => {
        const chunks: string[] = []
        response.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            code: response.statusCode ?? 0,
            headers: response.headers,
            body: parsed(chunks.join('')) as T,
          }),
        )
      })
      sent.on('error', reject)
      sent.end(text ?? undefined)
    })
  }

  const succeed = async <T>(method: string, path: string, request?: RawOptions): Promise<T> => {
    const { code, body } = await raw<T>(method, path, request)
    if (code >= 400) throw new Error(`${method} ${path}: ${code} ${JSON.stringify(body)}`)
    return body
  }
  return {
    embedded,
    config,
    core: config.makeApiClient(CoreV1Api),
    apps: config.makeApiClient(AppsV1Api),
    policy: config.makeApiClient(PolicyV1Api),
    raw,
    get: (plural, namespace, name) => succeed('GET', pathOf(plural, namespace, name)),
    create: (plural, namespace, object) => succeed('POST', pathOf(plural, namespace), { body: object }),
    patch: (plural, namespace, name, patch, contentType = mergePatch) =>
      succeed('PATCH', pathOf(plural, namespace, name), { body: patch, contentType }),
    remove: (plural, namespace, name, body) =>
      succeed('DELETE', pathOf(plural, namespace, name), body === undefined ? {} : { body }),
    async close() {
      agent.destroy()
      await stop()
    },
  }
}

function bodyText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
