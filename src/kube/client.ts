/**
 * The one client. Credentials, contexts and TLS are @kubernetes/client-node's; objects and watches go as raw JSON,
 * because its typed models drop fields they do not know, and a user's manifest must arrive as written. It is imported
 * lazily: loading it costs more than half a second.
 */
import http from 'node:http'
import https from 'node:https'
import type { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { KubeApiError } from './api-error.ts'
import { openExec, type ExecListener, type ExecPlace, type ExecStream } from './exec.ts'
import type { KubeObject, Status } from './types.ts'

export interface RequestOptions {
  body?: unknown
  contentType?: string
  signal?: AbortSignal
}

export interface KubeClient {
  readonly server: string
  readonly core: CoreV1Api
  readonly apps: AppsV1Api
  /** One request; resolves with the parsed answer, rejects with KubeApiError (an answer) or the socket's error (none). */
  request<T>(method: string, path: string, options?: RequestOptions): Promise<T>
  /** A response whose body goes on: a watch, a log, a feed. */
  open(path: string, signal: AbortSignal): Promise<http.IncomingMessage>
  /** Runs a command in a container; its input and output go on until either side ends them. */
  exec(place: ExecPlace, argv: string[], listener: ExecListener): Promise<ExecStream>
  /** Creates the object, or replaces its spec by a merge patch when it is there. */
  apply(object: KubeObject, namespace: string): Promise<void>
  close(): void
}

/** `kubeconfig` is the text of a kubeconfig file. */
export async function connectKube(kubeconfig: string): Promise<KubeClient> {
  const library = await import('@kubernetes/client-node')
  const config = new library.KubeConfig()
  config.loadFromString(kubeconfig)
  const transport = await pooledTransport(config)
  const request = <T>(method: string, path: string, options: RequestOptions = {}): Promise<T> =>
    requestJson<T>(transport, method, path, options)
  return {
    server: transport.server.href,
    core: config.makeApiClient(library.CoreV1Api),
    apps: config.makeApiClient(library.AppsV1Api),
    request,
    open: (path, signal) => openStream(transport, path, signal),
    exec: (place, argv, listener) => openExec(config, place, argv, listener),
    apply: (object, namespace) => applyObject(request, object, namespace),
    close: () => transport.agent.destroy(),
  }
}

interface Transport {
  server: URL
  secure: boolean
  agent: http.Agent
  headers: Record<string, string>
}

/** client-node makes a new agent, so a new TLS connection, for each request; here it is one pooled agent per client. */
async function pooledTransport(config: KubeConfig): Promise<Transport> {
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw new Error('the kubeconfig has no current context with a cluster')
  const options: https.RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options
  const secure = cluster.server.startsWith('https:')
  const agent = secure
    ? new https.Agent({ keepAlive: true, ca, cert, key, pfx, passphrase, servername, rejectUnauthorized })
    : new http.Agent({ keepAlive: true })
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value)
  return { server: new URL(cluster.server), secure, agent, headers }
}

function send(
  transport: Transport,
  method: string,
  path: string,
  body: string | null,
  contentType: string,
  signal: AbortSignal | undefined,
): Promise<http.IncomingMessage> {
  const { server, secure, agent, headers } = transport
  return new Promise((resolve, reject) => {
    const request = (secure ? https : http).request(
      new URL(server.pathname.replace(/\/$/, '') + path, server),
      {
        method,
        agent,
        headers: {
          ...headers,
          accept: 'application/json',
          ...(body === null
            ? {}
            : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
        },
      },
    )
    // Not Node's own `signal` option: that also throws at a stream which nobody reads at that moment.
    const abort = (): void => void request.destroy()
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted === true) abort()
    request.on('close', () => signal?.removeEventListener('abort', abort))
    request.on('error', reject)
    request.on('response', response => {
      // Whoever reads the body gets its error from the iterator.
      response.on('error', () => undefined)
      resolve(response)
    })
    request.end(body ?? undefined)
  })
}

async function requestJson<T>(
  transport: Transport,
  method: string,
  path: string,
  { body, contentType = 'application/json', signal }: RequestOptions,
): Promise<T> {
  const text = body === undefined ? null : JSON.stringify(body)
  const response = await send(transport, method, path, text, contentType, signal)
  const answer = await readText(response)
  if ((response.statusCode ?? 0) >= 400) throw apiError(response.statusCode ?? 0, answer, method, path)
  return JSON.parse(answer) as T
}

async function openStream(
  transport: Transport,
  path: string,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const response = await send(transport, 'GET', path, null, '', signal)
  if ((response.statusCode ?? 0) >= 400) {
    throw apiError(response.statusCode ?? 0, await readText(response), 'GET', path)
  }
  return response.setEncoding('utf8')
}

async function readText(response: http.IncomingMessage): Promise<string> {
  const chunks: string[] = []
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) chunks.push(chunk)
  return chunks.join('')
}

function apiError(code: number, answer: string, method: string, path: string): KubeApiError {
  let status: Status | null = null
  try {
    status = JSON.parse(answer) as Status
  } catch {
    // Not an API server's answer (a proxy's page, say): the code says what there is to say.
  }
  return new KubeApiError(code, status, `${method} ${path}`)
}

async function applyObject(
  request: <T>(method: string, path: string, options?: RequestOptions) => Promise<T>,
  object: KubeObject,
  namespace: string,
): Promise<void> {
  const collection = collectionPath(object, namespace)
  try {
    await request('POST', collection, { body: object })
  } catch (error) {
    if (!(error instanceof KubeApiError) || error.reason !== 'AlreadyExists') throw error
    await request('PATCH', `${collection}/${object.metadata.name}`, {
      body: object,
      contentType: 'application/merge-patch+json',
    })
  }
}

/** Plural names follow Kubernetes's rule for the kinds that rollproof's manifests may hold. */
export function collectionPath(object: KubeObject, namespace: string): string {
  const { apiVersion, kind, metadata } = object
  const prefix = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const lower = kind.toLowerCase()
  const plural = lower.endsWith('s')
    ? `${lower}es`
    : lower.endsWith('y')
      ? `${lower.slice(0, -1)}ies`
      : `${lower}s`
  if (kind === 'Namespace' || kind === 'Node') return `${prefix}/${plural}`
  return `${prefix}/namespaces/${metadata.namespace ?? namespace}/${plural}`
}
