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
  /** Called once, when the socket has gone: was its connect answered by an established connection? */
  onClosed?: (answered: boolean) => void
}

/** Reads are synchronous, so all sockets share one buffer: measured a quarter faster than a buffer per read. */
const receiveBuffer = Buffer.allocUnsafe(64 * 1024)

export class Link {
  #socket: Socket | null = null
  #signalled = false
  readonly #halfTripUs: number
  readonly #route: LinkRoute
  readonly #listener: LinkListener
  readonly #wire: DelayLine

  constructor(route: LinkRoute, listener: LinkListener, wire: DelayLine) {
    this.#route = route
    this.#listener = listener
    this.#wire = wire
    this.#halfTripUs = route.roundTripMs * 500
    this.#carry(() => this.#connect())
  }

  /** The port the kernel chose; null before the connect was made and after the socket has gone. */
  get localPort(): number | null {
    return this.#socket?.localPort ?? null
  }

  write(text: string): void {
    this.#carry(() => this.#socket?.write(text, 'latin1'))
  }

  /** Sends a FIN. */
  finish(): void {
    this.#carry(() => this.#socket?.end())
  }

  /** Gives the connection up: an RST where it is established, so that no port is left in TIME_WAIT. */
  reset(): void {
    this.#carry(() => {
      // While it is connecting, resetAndDestroy would wait for the connect to succeed.
      if (this.#socket?.connecting === true) this.#socket.destroy()
      else this.#socket?.resetAndDestroy()
    })
  }

  #connect(): void {
    const listener = this.#listener
    const socket = connectSocket({
      host: this.#route.address,
      port: this.#route.port,
      noDelay: true,
      autoSelectFamily: false,
      allowHalfOpen: true,
      ...(this.#route.localPort === undefined ? {} : { localPort: this.#route.localPort }),
      onread: { buffer: receiveBuffer, callback: length => this.#receive(length) },
    })
    this.#socket = socket
    let answered = false
    socket.on('connect', () => {
      answered = true
      this.#carry(() => listener.onEstablished())
    })
    socket.on('end', () => this.#signal(() => listener.onFin()))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#signal(() => listener.onBroken(error.syscall ?? 'socket', error.code ?? 'UNKNOWN')),
    )
    socket.on('close', () => {
      this.#route.onClosed?.(answered)
      this.#signal(() => listener.onBroken('close', 'UNKNOWN'))
    })
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
