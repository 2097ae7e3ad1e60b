/**
 * Cuts the bytes of a connection into frames. A frame that lies whole in what was read is handed on where it lies;
 * only one that is cut by the end of a read is collected, in a buffer of the largest size allowed.
 */
import { FRAME_HEAD_BYTES, frameFlag, frameType, MAX_FRAME_BYTES, ProtocolBreach } from './codes.ts'

export interface Frame {
  type: number
  flags: number
  streamId: number
  /** The payload lies in `bytes` between these; valid during the call only. */
  bytes: Buffer
  from: number
  to: number
}

export class FrameReader {
  #stopped = false
  #first = true
  #collected: Buffer | null = null
  #have = 0
  readonly #onFrame: (frame: Frame) => void
  /** One for all: it is gone through before the next one is read. */
  readonly #frame: Frame = { type: 0, flags: 0, streamId: 0, bytes: Buffer.alloc(0), from: 0, to: 0 }

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame
  }

  /** What is read from now on is dropped. */
  stop(): void {
    this.#stopped = true
  }

  /** Throws ProtocolBreach. */
  push(bytes: Buffer, length: number): void {
    let at = 0
    while (at < length && !this.#stopped) {
      const size = this.#have === 0 ? this.#sizeAt(bytes, at, length) : 0
      if (size === 0 || at + size > length) at = this.#collect(bytes, at, length)
      else {
        this.#handOn(bytes, at, size)
        at += size
      }
    }
  }

  /** The whole size of the frame that begins here; 0 while its head is not whole. */
  #sizeAt(bytes: Buffer, at: number, end: number): number {
    const have = end - at
    if (this.#first && have > 4) this.#checkFirst(bytes, at)
    if (have < FRAME_HEAD_BYTES) return 0
    const payload = byteAt(bytes, at) * 65_536 + byteAt(bytes, at + 1) * 256 + byteAt(bytes, at + 2)
    if (payload > MAX_FRAME_BYTES) throw new ProtocolBreach('frame size')
    return FRAME_HEAD_BYTES + payload
  }

  /** The preface of a server is a SETTINGS frame (RFC 9113, 3.4); an answer in HTTP/1.1 shows here. */
  #checkFirst(bytes: Buffer, at: number): void {
    if (byteAt(bytes, at + 3) !== frameType.settings || (byteAt(bytes, at + 4) & frameFlag.ack) !== 0)
      throw new ProtocolBreach('preface')
    this.#first = false
  }

  #collect(bytes: Buffer, at: number, length: number): number {
    const kept = (this.#collected ??= Buffer.allocUnsafe(FRAME_HEAD_BYTES + MAX_FRAME_BYTES))
    const wanted = this.#sizeAt(kept, 0, this.#have) || FRAME_HEAD_BYTES
    const end = Math.min(length, at + wanted - this.#have)
    bytes.copy(kept, this.#have, at, end)
    this.#have += end - at
    const size = this.#sizeAt(kept, 0, this.#have)
    if (size !== 0 && this.#have === size) {
      this.#have = 0
      this.#handOn(kept, 0, size)
    }
    return end
  }

  #handOn(bytes: Buffer, at: number, size: number): void {
    const frame = this.#frame
    frame.type = byteAt(bytes, at + 3)
    frame.flags = byteAt(bytes, at + 4)
    frame.streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
    frame.bytes = bytes
    frame.from = at + FRAME_HEAD_BYTES
    frame.to = at + size
    this.#onFrame(frame)
  }
}

function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] ?? 0
}
