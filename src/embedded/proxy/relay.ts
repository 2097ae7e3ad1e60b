/**
 * A plain TCP relay for one port of a Service, for clients that cannot choose an endpoint by themselves (pods, curl, a
 * browser, k6). It chooses per connection, as the kernel's rules would, and passes on what the endpoint does: half-closes,
 * resets, silence. Without an endpoint it does not listen, so that the kernel refuses; an endpoint that refuses becomes a
 * reset, since the client's connect was answered before the endpoint was asked.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { ForwardingEndpoint, ForwardingRule } from '../../model/forwarding.ts'
import { PinnedPorts } from './pinned-ports.ts'

/** A client that has sent its FIN while the endpoint is still silent has most likely given up. */
const abandonedMs = 3000
/** More than any load that a relay in one process could carry; the rest waits in the kernel's queue. */
const connectionLimit = 8192

export interface RelayParts {
  clock: Clock
  random: Random
  /** §7.4: how long conntrack remembers a SYN that was never answered. */
  sourcePortPinMs: number
}

export interface RelayAddress {
  host: string
  port: number
}

export class Relay {
  /** Where clients find it: its own address, or a substitute where this user may not bind that; null when it has none. */
  address: RelayAddress | null
  readonly #candidates: RelayAddress[]
  readonly #parts: RelayParts
  readonly #pins: PinnedPorts
  readonly #sticky = new Map<string, { endpoint: ForwardingEndpoint; atUs: number }>()
  #endpoints: readonly ForwardingEndpoint[] = []
  #affinityUs = 0
  #server: Server | null = null

  constructor({ host, port }: RelayAddress, parts: RelayParts) {
    this.#parts = parts
    this.#pins = new PinnedPorts(parts.clock, parts.sourcePortPinMs)
    // Port 80 becomes 20080; where even that is taken, any port that is free.
    this.#candidates = [
      { host, port },
      { host, port: 20_000 + (port % 20_000) },
      { host, port: 0 },
    ]
    this.address = { host, port }
  }

  use({ endpoints }: ForwardingRule, affinitySeconds = 0): void {
    this.#endpoints = endpoints
    this.#affinityUs = affinitySeconds * 1_000_000
    if (endpoints.length === 0) this.stop()
    else if (this.#server === null) this.#listen()
  }

  /** Connections that are open go on, as they do in the kernel. */
  stop(): void {
    this.#server?.close()
    this.#server = null
  }

  #listen(): void {
    const [first] = this.#candidates
    this.address = first ?? null
    if (first === undefined) return
    const server = createServer({ allowHalfOpen: true, noDelay: true }, client => this.#relay(client))
    server.maxConnections = connectionLimit
    this.#server = server
    server.on('listening', () => this.#noteAddress(server, first))
    server.on('error', () => {
      // Taken, or below 1024 and not ours to bind. It will not be ours the next time either.
      this.#candidates.shift()
      if (this.#server === server) this.#listen()
    })
    server.listen({ ...first, exclusive: true })
  }

  #noteAddress(server: Server, { host, port }: RelayAddress): void {
    const bound = server.address()
    if (port !== 0 || bound === null || typeof bound === 'string') return
    this.address = { host, port: bound.port }
    this.#candidates.splice(0, 1, this.address)
  }

  #relay(client: Socket): void {
    const source = `${client.remoteAddress ?? ''}:${client.remotePort ?? 0}`
    const endpoint = this.#pins.of(source) ?? this.#choose(client.remoteAddress ?? '')
    if (endpoint === null) return void client.resetAndDestroy()
    const upstream = connect({
      host: endpoint.address,
      port: endpoint.port,
      allowHalfOpen: true,
      noDelay: true,
    })
    // Bytes and a FIN that come before the endpoint has answered wait in the socket.
    client.once('end', () => {
      if (upstream.connecting) this.#giveUpLater(client, upstream)
    })
    let answered = false
    upstream.once('connect', () => (answered = true))
    upstream.once('error', (error: NodeJS.ErrnoException) => (answered ||= error.code !== 'ETIMEDOUT'))
    client.once('close', () => {
      if (!answered) this.#pins.add(source, endpoint)
    })
    join(client, upstream)
  }

  #giveUpLater(client: Socket, upstream: Socket): void {
    const timer = this.#parts.clock.after(abandonedMs, () => {
      if (upstream.connecting) client.destroy()
    })
    client.once('close', () => timer.cancel())
  }

  #choose(clientAddress: string): ForwardingEndpoint | null {
    if (this.#endpoints.length === 0) return null
    if (this.#affinityUs === 0) return this.#parts.random.pick(this.#endpoints)
    const nowUs = this.#parts.clock.nowUs()
    const last = this.#sticky.get(clientAddress)
    const kept =
      last === undefined || nowUs - last.atUs >= this.#affinityUs
        ? undefined
        : this.#endpoints.find(
            ({ address, port }) => address === last.endpoint.address && port === last.endpoint.port,
          )
    const endpoint = kept ?? this.#parts.random.pick(this.#endpoints)
    this.#sticky.set(clientAddress, { endpoint, atUs: nowUs })
    return endpoint
  }
}

function join(client: Socket, upstream: Socket): void {
  client.pipe(upstream)
  upstream.pipe(client)
  endTogether(client, upstream)
  endTogether(upstream, client)
}

/** A reset of one side resets the other; an orderly end of one direction is passed on by the pipe. */
function endTogether(from: Socket, to: Socket): void {
  from.on('error', () => reset(to))
  from.on('close', () => {
    if (!to.destroyed && (!from.readableEnded || to.connecting)) to.destroy()
  })
}

/** While it is connecting, resetAndDestroy would wait for the connect to succeed. */
function reset(socket: Socket): void {
  if (socket.connecting) socket.destroy()
  else socket.resetAndDestroy()
}
