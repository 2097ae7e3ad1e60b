/**
 * A TCP connection as seen from the far end of a network path. With a round trip of zero it is the kernel's socket and
 * nothing else. With one, whatever the client does reaches the socket half a round trip later, and whatever the socket
 * does is seen half a round trip later, in order. A FIN is answered only after it was seen, so a request written while
 * the server's FIN is on its way is lost exactly as on a real network.
 */
import { connect as connectSocket, type Socket } from 'node:net'
import type { DelayLine } from './delay-line.ts'

export interface LinkListener {
  onEstablished(): void
  /** `bytes` is valid during the call only, and only up to `length`. */
  onBytes(bytes: Buffer, length: number): void
  onFin(): void
  onBroken(syscall: string, code: string): void
}

export interface LinkRoute {
  address: string
  port: number
  roundTripMs: number
  /** The source port; left out, the kernel chooses. */
  localPort?: number
  /** When the last SYN was sent, where there was more than one. */
  sentUs?: number
  /** Present where nobody answers: where the SYN leads that is sent again. Null: it is refused. */
  again?: () => LinkRoute | null
  /** Called once, when the socket has gone: was its connect answered by an established connection? */
  onClosed?: (answered: boolean) => void
}

/** `handshaking`: TCP is connected, and TLS is not yet. */
export type LinkStage = 'connecting' | 'handshaking' | 'open'

/** A way to the server, plain or by TLS. */
export interface TransportLink {
  /** As the client sees it. */
  readonly stage: LinkStage
  /** The protocol agreed on by ALPN, once established; null without TLS, or where the server does not choose. */
  readonly alpn: string | null
  /** Where it leads; another one than at first where the first SYN got no answer. */
  readonly route: LinkRoute
  /** The port the kernel chose; null before the connect was made and after the socket has gone. */
  readonly localPort: number | null
  /** A part of what was written is still in this process: the peer does not read, or has not yet. */
  readonly unsent: boolean
  /** A string is written as latin1. Bytes must stay as they are until they have been written. */
  write(data: string | Uint8Array): void
  /** Sends a FIN. */
  finish(): void
  /** Gives the connection up: with an RST where that can be, so that no port is left in TIME_WAIT. */
  reset(): void
}

/** Reads are synchronous, so all sockets share one buffer: measured a quarter faster than a buffer per read. */
export const receiveBuffer = Buffer.allocUnsafe(64 * 1024)

export class Link implements TransportLink {
  readonly alpn = null
  stage: LinkStage = 'connecting'
  #socket: Socket | null = null
  #signalled = false
  /** The stream has ended, and the socket is being asked how. */
  #asking = false
  readonly #halfTripUs: number
  readonly route: LinkRoute
  readonly #listener: LinkListener
  readonly #wire: DelayLine

  constructor(route: LinkRoute, listener: LinkListener, wire: DelayLine) {
    this.route = route
    this.#listener = listener
    this.#wire = wire
    this.#halfTripUs = route.roundTripMs * 500
    this.#carry(() => this.#connect())
  }

  get localPort(): number | null {
    return this.#socket?.localPort ?? null
  }

  get unsent(): boolean {
    return (this.#socket?.writableLength ?? 0) > 0
  }

  write(data: string | Uint8Array): void {
    if (this.#halfTripUs === 0) this.#write(data)
    else this.#wire.push(this.#halfTripUs, () => this.#write(data))
  }

  finish(): void {
    this.#carry(() => this.#socket?.end())
  }

  reset(): void {
    this.#carry(() => {
      // While it is connecting, resetAndDestroy would wait for the connect to succeed.
      if (this.#socket?.connecting === true) this.#socket.destroy()
      else this.#socket?.resetAndDestroy()
    })
  }

  #write(data: string | Uint8Array): void {
    if (typeof data === 'string') this.#socket?.write(data, 'latin1')
    else this.#socket?.write(data)
  }

  #connect(): void {
    const listener = this.#listener
    const socket = connectSocket({
      host: this.route.address,
      port: this.route.port,
      noDelay: true,
      autoSelectFamily: false,
      allowHalfOpen: true,
      ...(this.route.localPort === undefined ? {} : { localPort: this.route.localPort }),
      onread: { buffer: receiveBuffer, callback: length => this.#receive(length) },
    })
    this.#socket = socket
    let answered = false
    socket.on('connect', () => {
      answered = true
      this.#carry(() => this.#established())
    })
    socket.on('end', () => this.#onEnd(socket))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error))
    socket.on('close', () => {
      this.route.onClosed?.(answered)
      this.#signal(() => listener.onBroken('close', 'UNKNOWN'))
    })
  }

  /**
   * An RST that comes right behind data is read as an end of the stream, and a body that only the end delimits would
   * count as whole. The socket knows better: a write of nothing sends nothing, and fails where the connection was reset.
   */
  #onEnd(socket: Socket): void {
    const fin = (): void => this.#signal(() => this.#listener.onFin())
    // What is not sent yet would have to be first.
    if (socket.writableLength > 0 || !socket.writable) return fin()
    this.#asking = true
    socket.write('', error => {
      if (error) return
      this.#asking = false
      fin()
    })
  }

  #onError({ syscall = 'socket', code = 'UNKNOWN' }: NodeJS.ErrnoException): void {
    const listener = this.#listener
    if (!this.#asking) return this.#signal(() => listener.onBroken(syscall, code))
    // After a FIN it is EPIPE, whatever came then.
    if (code === 'ECONNRESET') this.#signal(() => listener.onBroken('read', code))
    else this.#signal(() => listener.onFin())
  }

  #established(): void {
    this.stage = 'open'
    this.#listener.onEstablished()
  }

  #receive(length: number): boolean {
    if (this.#halfTripUs === 0) {
      this.#listener.onBytes(receiveBuffer, length)
    } else {
      const copy = Buffer.from(receiveBuffer.subarray(0, length))
      this.#carry(() => this.#listener.onBytes(copy, length))
    }
    return true
  }

  /** The first signal that the connection has ended counts: an RST after a FIN, or the close after both, says no more. */
  #signal(tell: () => void): void {
    if (this.#signalled) return
    this.#signalled = true
    this.#carry(tell)
  }

  #carry(action: () => void): void {
    if (this.#halfTripUs === 0) action()
    else this.#wire.push(this.#halfTripUs, action)
  }
}
