/** A request whose body goes out in pieces, evenly over a time: what a server that shuts down finds half received. */
import type { Clock, Timer } from '../base/clock.ts'
import type { TransportLink } from './link.ts'

type Outlet = Pick<TransportLink, 'write'>

const PIECES = 10

export class SlowUpload {
  #piece = 0
  #timer: Timer | null = null
  #stopped = false
  readonly #body: string
  readonly #pauseMs: number
  readonly #clock: Clock
  readonly #link: Outlet
  readonly #onWritten: () => void

  /** The head goes out at once. */
  constructor(text: string, uploadMs: number, clock: Clock, link: Outlet, onWritten: () => void) {
    const head = text.indexOf('\r\n\r\n') + 4
    this.#body = text.slice(head)
    this.#pauseMs = uploadMs / PIECES
    this.#clock = clock
    this.#link = link
    this.#onWritten = onWritten
    link.write(text.slice(0, head))
    this.#arm()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** What has come back is read before the next piece is written: a write that fails would hide it. */
  #arm(): void {
    this.#timer = this.#clock.after(this.#pauseMs, () => this.#clock.afterReads(() => this.#writePiece()))
  }

  #writePiece(): void {
    if (this.#stopped) return
    const cut = (piece: number): number => Math.round((piece * this.#body.length) / PIECES)
    this.#link.write(this.#body.slice(cut(this.#piece), cut(this.#piece + 1)))
    this.#piece += 1
    if (this.#piece < PIECES) return this.#arm()
    this.#stopped = true
    this.#onWritten()
  }
}
