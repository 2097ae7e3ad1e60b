/**
 * The frames of a WebSocket's server, out of bytes cut anywhere. Text is checked as it comes, and of a message only its
 * beginning is kept, so memory is bounded whatever the peer sends. Throws WebSocketBreach.
 */
import { TextDecoder } from 'node:util'
import { isCloseCode, NO_CLOSE_CODE, opcode, WebSocketBreach } from './frame-codes.ts'

const MAX_HEAD_BYTES = 10
const MAX_CONTROL_BYTES = 125
const MAX_MESSAGE_BYTES = 1024 * 1024
/** As much of a text as is compared with what was sent. */
const KEPT_CHARACTERS = 1024

export interface FrameListener {
  /** The text's beginning; null for a binary message. */
  onMessage(text: string | null): void
  onPing(payload: Buffer): void
  onPong(payload: Buffer): void
  onClose(code: number): void
}

export class WebSocketReader {
  #stopped = false
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES)
  #have = 0
  #wanted = 2
  #left = 0
  #inPayload = false
  #opcode = 0
  #fin = false
  /** Of the message under way: text, binary, or none. */
  #message: 'text' | 'binary' | null = null
  #messageBytes = 0
  #text = ''
  #decoder = newDecoder()
  readonly #control = Buffer.alloc(MAX_CONTROL_BYTES)
  #controlBytes = 0
  readonly #listener: FrameListener

  constructor(listener: FrameListener) {
    this.#listener = listener
  }

  push(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (at < to && !this.#stopped) {
      if (!this.#inPayload) {
        this.#head[this.#have++] = bytes[at++] ?? 0
        if (this.#have === 2) this.#takeStart()
        if (this.#have === this.#wanted) this.#takeHead()
      } else {
        const end = Math.min(to, at + this.#left)
        this.#left -= end - at
        this.#takePayload(bytes, at, end)
        at = end
      }
      if (this.#inPayload && this.#left === 0) this.#endFrame()
    }
  }

  #takeStart(): void {
    const [first = 0, second = 0] = this.#head
    if ((first & 0x70) !== 0) throw new WebSocketBreach('reserved bits')
    // A server must not mask (RFC 6455, 5.1).
    if ((second & 0x80) !== 0) throw new WebSocketBreach('masked frame')
    this.#fin = (first & 0x80) !== 0
    this.#opcode = first & 0x0f
    const short = second & 0x7f
    if (this.#opcode >= opcode.close) this.#checkControl(short)
    else this.#checkData()
    this.#wanted = short === 126 ? 4 : short === 127 ? 10 : 2
  }

  #checkControl(short: number): void {
    if (this.#opcode > opcode.pong) throw new WebSocketBreach('opcode')
    if (!this.#fin) throw new WebSocketBreach('control frame in pieces')
    if (short > MAX_CONTROL_BYTES) throw new WebSocketBreach('control frame too long')
    this.#controlBytes = 0
  }

  #checkData(): void {
    if (this.#opcode > opcode.binary) throw new WebSocketBreach('opcode')
    if ((this.#opcode === opcode.continuation) !== (this.#message !== null))
      throw new WebSocketBreach('continuation')
    if (this.#opcode === opcode.continuation) return
    this.#message = this.#opcode === opcode.text ? 'text' : 'binary'
    this.#messageBytes = 0
    this.#text = ''
  }

  #takeHead(): void {
    const short = (this.#head[1] ?? 0) & 0x7f
    this.#left =
      short === 126
        ? this.#head.readUInt16BE(2)
        : short === 127
          ? this.#head.readUInt32BE(2) * 2 ** 32 + this.#head.readUInt32BE(6)
          : short
    if (this.#opcode < opcode.close) this.#messageBytes += this.#left
    if (this.#messageBytes > MAX_MESSAGE_BYTES) throw new WebSocketBreach('message too long')
    this.#inPayload = true
    this.#have = 0
    this.#wanted = 2
  }

  #takePayload(bytes: Buffer, from: number, to: number): void {
    if (this.#opcode >= opcode.close) {
      bytes.copy(this.#control, this.#controlBytes, from, to)
      this.#controlBytes += to - from
    } else if (this.#message === 'text') this.#decode(bytes.subarray(from, to), true)
  }

  #decode(bytes: Buffer, more: boolean): void {
    const text = decodeText(this.#decoder, bytes, more)
    if (this.#text.length < KEPT_CHARACTERS) this.#text += text.slice(0, KEPT_CHARACTERS)
  }

  #endFrame(): void {
    this.#inPayload = false
    const payload = this.#control.subarray(0, this.#controlBytes)
    switch (this.#opcode) {
      case opcode.ping:
        return this.#listener.onPing(payload)
      case opcode.pong:
        return this.#listener.onPong(payload)
      case opcode.close:
        this.#stopped = true
        return this.#listener.onClose(closeCode(payload))
      default:
        if (this.#fin) this.#endMessage()
    }
  }

  #endMessage(): void {
    const text = this.#message === 'text'
    if (text) {
      this.#decode(Buffer.alloc(0), false)
      this.#decoder = newDecoder()
    }
    this.#message = null
    this.#messageBytes = 0
    this.#listener.onMessage(text ? this.#text : null)
  }
}

function closeCode(payload: Buffer): number {
  if (payload.length === 0) return NO_CLOSE_CODE
  if (payload.length === 1) throw new WebSocketBreach('close frame of one byte')
  const code = payload.readUInt16BE(0)
  if (!isCloseCode(code)) throw new WebSocketBreach('close code')
  decodeText(newDecoder(), payload.subarray(2), false)
  return code
}

function newDecoder(): TextDecoder {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
}

function decodeText(decoder: TextDecoder, bytes: Buffer, more: boolean): string {
  try {
    return decoder.decode(bytes, { stream: more })
  } catch {
    throw new WebSocketBreach('text is not UTF-8')
  }
}
