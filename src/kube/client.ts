/**
 * The one client. Credentials, contexts and TLS are @kubernetes/client-node's; objects and watches go as raw JSON,
 * because its typed models drop fields they do not know, and a user's manifest must arrive as written. It is imported
 * lazily: loading it costs more than half a second.
 */
import type http from 'node:http'
import { systemClock, type Clock } from '../base/clock.ts'
import { KubeApiError } from './api-error.ts'
import { openExec, type ExecListener, type ExecPlace, type ExecStream } from './exec.ts'
import { readKubeconfig, type KubeconfigSource } from './kubeconfig.ts'
import { RequestGate } from './request-gate.ts'
import { Transport } from './transport.ts'
import type { Status } from './types.ts'

export interface RequestOptions {
  body?: unknown
  contentType?: string
  signal?: AbortSignal
}

/** All that witnesses and waiting need. What changes a cluster goes through Mutations instead. */
export interface KubeReader {
  readonly server: string
  request<T>(method: 'GET', path: string, options?: { signal?: AbortSignal }): Promise<T>
  /** A response whose body goes on: a watch, a log, a feed. */
  open(path: string, signal: AbortSignal): Promise<http.IncomingMessage>
}

export interface KubeClient extends KubeReader {
  /** One request; resolves with the parsed answer, rejects with KubeApiError (an answer) or the socket's error (none). */
  request<T>(method: string, path: string, options?: RequestOptions): Promise<T>
  /** Runs a command in a container; its input and output go on until either side ends them. */
  exec(place: ExecPlace, argv: string[], listener: ExecListener): Promise<ExecStream>
  close(): void
}

export interface ClientOptions {
  /** Null, or left out: the current context. */
  context?: string | null
  clock?: Clock
  /** Watches do not count. Unlimited when left out: for a cluster that is ours alone. */
  requestsPerSecond?: number
}

/** Whoever answers nothing for so long answers nothing any more; long requests (watches, logs) are not counted. */
const ANSWER_LIMIT_MS = 30_000

/** A text is the content of a kubeconfig. */
export async function connectKube(
  kubeconfig: string | KubeconfigSource,
  { context = null, clock = systemClock, requestsPerSecond }: ClientOptions = {},
): Promise<KubeClient> {
  const source = typeof kubeconfig === 'string' ? { text: kubeconfig } : kubeconfig
  const { config, server } = await readKubeconfig(source, context)
  const transport = new Transport(config, server, clock)
  const gate = requestsPerSecond === undefined ? null : new RequestGate(clock, requestsPerSecond)
  return {
    server: transport.server.href,
    request: async <T>(method: string, path: string, options: RequestOptions = {}): Promise<T> => {
      await gate?.pass()
      return requestJson<T>(transport, clock, method, path, options)
    },
    open: async (path, signal) => {
      if (!isWatch(path)) await gate?.pass()
      return openStream(transport, path, signal)
    },
    exec: async (place, argv, listener) => {
      await gate?.pass()
      return openExec(config, place, argv, listener)
    },
    close: () => transport.close(),
  }
}

const isWatch = (path: string): boolean => /[?&]watch=true(&|$)/.test(path)

async function requestJson<T>(
  transport: Transport,
  clock: Clock,
  method: string,
  path: string,
  { body, contentType = 'application/json', signal }: RequestOptions,
): Promise<T> {
  const text = body === undefined ? null : JSON.stringify(body)
  const late = new AbortController()
  const timer = clock.after(ANSWER_LIMIT_MS, () => late.abort())
  const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])
  try {
    const response = await transport.send(method, path, text, contentType, either)
    const answer = await readText(response)
    if ((response.statusCode ?? 0) >= 400) throw apiError(response.statusCode ?? 0, answer, method, path)
    return JSON.parse(answer) as T
  } catch (error) {
    if (!late.signal.aborted) throw error
    throw new Error(`${method} ${path}: no answer for ${ANSWER_LIMIT_MS / 1000} s`, { cause: error })
  } finally {
    timer.cancel()
  }
}

async function openStream(
  transport: Transport,
  path: string,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const response = await transport.send('GET', path, null, '', signal)
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
