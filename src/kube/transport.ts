/**
 * One pooled connection agent per client. client-node makes a new agent, so a new TLS connection, for each request. Its
 * credentials (tokens of files and exec plugins among them) run out, so they are asked for again from time to time;
 * client-node keeps those that are still good.
 */
import http from 'node:http'
import https from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/message-of.ts'

/** Tokens of cloud providers live for minutes; asking for one that is still good is free. */
const CREDENTIALS_AGE_US = 60_000_000

interface Credentials {
  agent: http.Agent
  headers: Record<string, string>
  /** What the agent was made of: a new one is made when this changes. */
  identity: string
  readUs: number
}

export class Transport {
  readonly server: URL
  readonly #config: KubeConfig
  readonly #clock: Clock
  #credentials: Credentials | null = null
  #asking: Promise<Credentials> | null = null

  constructor(config: KubeConfig, server: string, clock: Clock) {
    this.#config = config
    this.server = new URL(server)
    this.#clock = clock
  }

  async send(
    method: string,
    path: string,
    body: string | null,
    contentType: string,
    signal: AbortSignal | undefined,
  ): Promise<http.IncomingMessage> {
    const { agent, headers } = await this.#current()
    const { server } = this
    const payload =
      body === null ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }
    return new Promise((resolve, reject) => {
      const request = (server.protocol === 'https:' ? https : http).request(
        new URL(server.pathname.replace(/\/$/, '') + path, server),
        { method, agent, headers: { ...headers, accept: 'application/json', ...payload } },
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

  close(): void {
    this.#credentials?.agent.destroy()
  }

  #current(): Promise<Credentials> {
    const known = this.#credentials
    if (known !== null && this.#clock.nowUs() - known.readUs < CREDENTIALS_AGE_US)
      return Promise.resolve(known)
    this.#asking ??= this.#read().finally(() => (this.#asking = null))
    return this.#asking
  }

  async #read(): Promise<Credentials> {
    const options: https.RequestOptions = {}
    await this.#config.applyToHTTPSOptions(options).catch((error: unknown) => {
      throw new Error(noCredentials(this.#config, error))
    })
    const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized, auth } = options
    const tls = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized }
    const identity = JSON.stringify(tls)
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value)
    if (typeof auth === 'string') headers.authorization = `Basic ${Buffer.from(auth).toString('base64')}`
    const readUs = this.#clock.nowUs()
    if (this.#credentials?.identity === identity) {
      this.#credentials = { ...this.#credentials, headers, readUs }
      return this.#credentials
    }
    const viaProxy = this.#config.getCurrentCluster()?.proxyUrl !== undefined
    const agent = viaProxy
      ? (options.agent as http.Agent)
      : this.server.protocol === 'https:'
        ? new https.Agent({ keepAlive: true, ...tls })
        : new http.Agent({ keepAlive: true })
    // Requests and watches under way keep the old agent's sockets until they end.
    this.#credentials = { agent, headers, identity, readUs }
    return this.#credentials
  }
}

/** A plugin that is missing, that refuses, or that prints something else: client-node tells only what went wrong. */
function noCredentials(config: KubeConfig, error: unknown): string {
  const user = config.getCurrentUser()
  const { command } = (user?.exec ?? {}) as { command?: unknown }
  const source = typeof command === 'string' ? `, which ${command} gives out,` : ''
  const why = messageOf(error).trim()
  const context = config.getCurrentContext()
  return (
    `the credentials of the kubeconfig's user ${user?.name ?? '(none)'}${source} could not be had: ${why}\n` +
    `  try: kubectl --context ${context} get namespaces`
  )
}
