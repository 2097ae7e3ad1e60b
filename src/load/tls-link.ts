/**
 * TLS over a connection, in the place of a plain Link. Without a round trip it is Node's own TLS socket; with one, TLS
 * runs over a Link, so that its handshake takes the time that it takes on such a network. A certificate is checked only
 * where the plan says so: a server under test may have any.
 */
import { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { TlsTarget } from '../model/load.ts'
import type { DelayLine } from './delay-line.ts'
import {
  Link,
  receiveBuffer,
  type LinkListener,
  type LinkRoute,
  type LinkStage,
  type TransportLink,
} from './link.ts'
import { tlsContext } from './tls-context.ts'

export class TlsLink implements TransportLink {
  stage: LinkStage = 'connecting'
  /** What ALPN has agreed on, once established; null where the server takes no part in it. */
  alpn: string | null = null
  readonly route: LinkRoute
  #socket: TLSSocket | null = null
  #signalled = false
  readonly #transport: LinkStream | null
  readonly #options: ConnectionOptions
  readonly #listener: LinkListener

  constructor(
    route: LinkRoute,
    listener: LinkListener,
    wire: DelayLine,
    tls: TlsTarget,
    protocols: readonly string[],
  ) {
    this.route = route
    this.#listener = listener
    this.#options = {
      servername: tls.servername,
      rejectUnauthorized: tls.verify,
      ALPNProtocols: [...protocols],
      secureContext: tlsContext(tls),
    }
    this.#transport = route.roundTripMs === 0 ? null : this.#connectSlowly(route, wire)
    if (this.#transport === null) this.#connect(route)
  }

  get localPort(): number | null {
    return this.#transport?.link.localPort ?? this.#socket?.localPort ?? null
  }

  get unsent(): boolean {
    return this.#transport?.link.unsent ?? (this.#socket?.writableLength ?? 0) > 0
  }

  write(data: string | Uint8Array): void {
    if (typeof data === 'string') this.#socket?.write(data, 'latin1')
    else this.#socket?.write(data)
  }

  finish(): void {
    this.#socket?.end()
  }

  reset(): void {
    this.#socket?.destroy()
    this.#transport?.link.reset()
  }

  #connect(route: LinkRoute): void {
    const callback = (length: number): boolean => {
      this.#listener.onBytes(receiveBuffer, length)
      return true
    }
    const socket = connectTls({
      ...this.#options,
      host: route.address,
      port: route.port,
      noDelay: true,
      autoSelectFamily: false,
      allowHalfOpen: true,
      onread: { buffer: receiveBuffer, callback },
    } as ConnectionOptions)
    socket.on('connect', () => (this.stage = 'handshaking'))
    this.#follow(socket)
  }

  #connectSlowly(route: LinkRoute, wire: DelayLine): LinkStream {
    return new LinkStream(route, wire, {
      onEstablished: stream => {
        this.stage = 'handshaking'
        const socket = connectTls({ ...this.#options, socket: stream })
        // Node's user buffer serves only sockets of its own making.
        socket.on('data', (bytes: Buffer) => this.#listener.onBytes(bytes, bytes.length))
        this.#follow(socket)
      },
      onBroken: (syscall, code) => this.#signal(() => this.#listener.onBroken(syscall, code)),
    })
  }

  #follow(socket: TLSSocket): void {
    const listener = this.#listener
    this.#socket = socket
    socket.on('secureConnect', () => {
      if (this.#signalled) return
      this.stage = 'open'
      this.alpn = socket.alpnProtocol === false ? null : socket.alpnProtocol
      listener.onEstablished()
    })
    socket.on('end', () => this.#signal(() => listener.onFin()))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#signal(() => listener.onBroken(error.syscall ?? 'tls', error.code ?? 'UNKNOWN')),
    )
    socket.on('close', () => this.#signal(() => listener.onBroken('close', 'UNKNOWN')))
  }

  #signal(tell: () => void): void {
    if (this.#signalled) return
    this.#signalled = true
    tell()
  }
}

interface LinkStreamListener {
  onEstablished(stream: LinkStream): void
  onBroken(syscall: string, code: string): void
}

/** A delayed Link as the stream that Node's TLS wants to run over. */
class LinkStream extends Duplex {
  readonly link: Link

  constructor(route: LinkRoute, wire: DelayLine, listener: LinkStreamListener) {
    super({ allowHalfOpen: true })
    // What broke was told to the listener, with its code.
    this.on('error', () => undefined)
    this.link = new Link(
      route,
      {
        onEstablished: () => listener.onEstablished(this),
        onBytes: (bytes, length) => void this.push(bytes.subarray(0, length)),
        onFin: () => void this.push(null),
        onBroken: (syscall, code) => {
          listener.onBroken(syscall, code)
          this.destroy()
        },
      },
      wire,
    )
  }

  override _read(): void {
    // The link pushes as it receives.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.link.write(chunk)
    done()
  }

  override _final(done: () => void): void {
    this.link.finish()
    done()
  }
}
