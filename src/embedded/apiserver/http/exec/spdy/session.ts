/**
 * The server's side of a SPDY connection on which the client alone opens streams. Each stream is a Duplex: what is not
 * read holds the client back (all of its streams, since Kubernetes's SPDY has no windows), and what the client does not
 * read holds the writer back.
 */
import { Duplex } from 'node:stream'
import { assertNever } from '../../../../../base/assert.ts'
import type { Frame } from './frames.ts'
import { cancelled, dataFrame, FrameSplitter, pingFrame, refused, replyFrame, resetFrame } from './frames.ts'
import type { Headers } from './headers.ts'
import { EmptyHeaders, HeaderReader } from './headers.ts'

/** What carries the frames. */
export interface Wire {
  send(bytes: Buffer, onSent: (error?: Error | null) => void): void
  pause(): void
  resume(): void
  close(): void
}

/** Who takes the stream; null refuses it. */
export type StreamHandler = (headers: Headers) => ((stream: Duplex) => void) | null

const ignore = (): void => undefined

export class SpdySession {
  readonly #wire: Wire
  readonly #onStream: StreamHandler
  readonly #splitter = new FrameSplitter()
  readonly #reader = new HeaderReader()
  readonly #replies = new EmptyHeaders()
  readonly #streams = new Map<number, SpdyStream>()
  /** Streams whose reader does not keep up. */
  readonly #full = new Set<number>()
  #waiting: Frame[] = []
  #working = false
  #closed = false

  constructor(wire: Wire, onStream: StreamHandler) {
    this.#wire = wire
    this.#onStream = onStream
  }

  received(bytes: Buffer): void {
    try {
      this.#waiting.push(...this.#splitter.push(bytes))
    } catch {
      this.close()
    }
    if (!this.#working) void this.#work()
  }

  /** To be called when the wire is gone, too. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#waiting = []
    for (const stream of this.#streams.values()) stream.destroy()
    this.#reader.close()
    this.#wire.close()
  }

  /** One frame after the other: a header block is read aside, and what follows it must wait. */
  async #work(): Promise<void> {
    this.#working = true
    try {
      for (let frame = this.#waiting.shift(); frame !== undefined; frame = this.#waiting.shift()) {
        if (frame.type !== 'open' && frame.type !== 'headers') this.#handle(frame)
        else {
          const headers = await this.#reader.read(frame.headers)
          if (frame.type === 'open' && !this.#closed) this.#open(frame, headers)
        }
      }
    } catch {
      // Without this header no other can be read.
      this.close()
    } finally {
      this.#working = false
    }
  }

  #handle(frame: Exclude<Frame, { type: 'open' | 'headers' }>): void {
    switch (frame.type) {
      case 'data':
        this.#data(frame)
        break
      case 'reset':
        this.#streams.get(frame.stream)?.resetByPeer()
        break
      case 'ping':
        this.#wire.send(pingFrame(frame.id), ignore)
        break
      case 'goodbye':
        this.close()
        break
      case 'other':
        break
      default:
        assertNever(frame)
    }
  }

  #open({ stream: id, fin }: Extract<Frame, { type: 'open' }>, headers: Headers): void {
    const take = this.#onStream(headers)
    if (take === null) {
      this.#wire.send(resetFrame(id, refused), ignore)
      return
    }
    const stream = new SpdyStream(id, {
      send: (bytes, onSent) => this.#wire.send(bytes, onSent),
      reads: () => this.#emptied(id),
      gone: () => {
        this.#streams.delete(id)
        this.#emptied(id)
      },
    })
    this.#streams.set(id, stream)
    this.#wire.send(replyFrame(id, this.#replies.next()), ignore)
    if (fin) stream.push(null)
    take(stream)
  }

  #data({ stream: id, bytes, fin }: Extract<Frame, { type: 'data' }>): void {
    const stream = this.#streams.get(id)
    if (stream === undefined || stream.readableEnded) return
    if (bytes.length > 0 && !stream.push(bytes)) {
      this.#full.add(id)
      this.#wire.pause()
    }
    if (fin) stream.push(null)
  }

  #emptied(id: number): void {
    if (this.#full.delete(id) && this.#full.size === 0) this.#wire.resume()
  }
}

interface Link {
  send: Wire['send']
  /** The reader wants more. */
  reads(): void
  gone(): void
}

class SpdyStream extends Duplex {
  readonly #id: number
  readonly #link: Link
  #resetByPeer = false

  constructor(id: number, link: Link) {
    super()
    this.#id = id
    this.#link = link
    // A stream that fails is closed too, and that is what counts.
    this.on('error', ignore)
  }

  resetByPeer(): void {
    this.#resetByPeer = true
    this.destroy()
  }

  override _read(): void {
    this.#link.reads()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#link.send(dataFrame(this.#id, chunk, false), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#link.send(dataFrame(this.#id, Buffer.alloc(0), true), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const whole = this.readableEnded && this.writableFinished
    if (!whole && !this.#resetByPeer) this.#link.send(resetFrame(this.#id, cancelled), ignore)
    this.#link.gone()
    done(error)
  }
}
