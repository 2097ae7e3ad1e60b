/** A header block may come in several frames, with nothing in between (RFC 9113, 6.10). */
import { frameFlag, frameType, ProtocolBreach } from './codes.ts'
import type { Frame } from './frame-reader.ts'

export const MAX_BLOCK_BYTES = 64 * 1024
const MAX_CONTINUATIONS = 100

export interface HeaderBlock {
  streamId: number
  endStream: boolean
  bytes: Buffer
  from: number
  to: number
}

export class HeaderCollector {
  #streamId = 0
  #endStream = false
  #parts: Buffer[] = []
  #bytes = 0

  /** Only a CONTINUATION of the same stream may come now. */
  get open(): boolean {
    return this.#streamId !== 0
  }

  /** HEADERS or CONTINUATION; null until the block is whole. `from` and `to` leave padding and priority out. */
  take(frame: Frame, from: number, to: number): HeaderBlock | null {
    const { bytes, streamId } = frame
    const endHeaders = (frame.flags & frameFlag.endHeaders) !== 0
    if (frame.type === frameType.headers) {
      const endStream = (frame.flags & frameFlag.endStream) !== 0
      if (endHeaders) return { streamId, endStream, bytes, from, to }
      this.#streamId = streamId
      this.#endStream = endStream
    } else if (streamId !== this.#streamId) throw new ProtocolBreach('CONTINUATION')
    this.#parts.push(Buffer.from(bytes.subarray(from, to)))
    this.#bytes += to - from
    if (this.#bytes > MAX_BLOCK_BYTES || this.#parts.length > MAX_CONTINUATIONS)
      throw new ProtocolBreach('header block size')
    return endHeaders ? this.#whole() : null
  }

  #whole(): HeaderBlock {
    const block = Buffer.concat(this.#parts)
    const streamId = this.#streamId
    this.#streamId = 0
    this.#parts = []
    this.#bytes = 0
    return { streamId, endStream: this.#endStream, bytes: block, from: 0, to: block.length }
  }
}
