/**
 * A stream of server-sent events (HTML standard, 9.2.6), out of bytes cut anywhere. Only the names of the events are
 * looked at; what they carry is passed over, so a line may be as long as it likes.
 */
const CR = 13
const LF = 10
const COLON = 58
const SPACE = 32
const BOM = [0xef, 0xbb, 0xbf]
/** Of a line, this much is kept: the field's name, and the name of an event. */
const KEPT_BYTES = 256

export class EventParser {
  #bomAt = 0
  #afterCr = false
  #line = ''
  #lineBytes = 0
  #name = ''
  #hasData = false
  readonly #onEvent: (name: string, whole: boolean) => void

  /** An event without a name is a `message`; one without data is not `whole`, and a browser would not tell of it. */
  constructor(onEvent: (name: string, whole: boolean) => void) {
    this.#onEvent = onEvent
  }

  push(bytes: Buffer, from: number, to: number): void {
    for (let at = this.#skipBom(bytes, from, to); at < to; at++) {
      const byte = bytes[at] ?? 0
      if (byte === LF && this.#afterCr) {
        this.#afterCr = false
        continue
      }
      this.#afterCr = byte === CR
      if (byte === CR || byte === LF) this.#takeLine()
      else {
        if (this.#lineBytes < KEPT_BYTES) this.#line += String.fromCharCode(byte)
        this.#lineBytes += 1
      }
    }
  }

  /** One byte order mark at the very beginning is no part of the first line. */
  #skipBom(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to && this.#bomAt < BOM.length) {
      if (bytes[at] !== BOM[this.#bomAt]) {
        this.#line = String.fromCharCode(...BOM.slice(0, this.#bomAt))
        this.#lineBytes = this.#bomAt
        this.#bomAt = BOM.length
        return at
      }
      this.#bomAt += 1
      at += 1
    }
    return at
  }

  #takeLine(): void {
    const line = this.#line
    const empty = this.#lineBytes === 0
    this.#line = ''
    this.#lineBytes = 0
    if (empty) return this.#dispatch()
    const colon = line.indexOf(String.fromCharCode(COLON))
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + (line.charCodeAt(colon + 1) === SPACE ? 2 : 1))
    if (field === 'event') this.#name = value
    else if (field === 'data') this.#hasData = true
  }

  #dispatch(): void {
    const name = this.#name
    const whole = this.#hasData
    this.#name = ''
    this.#hasData = false
    if (whole || name !== '') this.#onEvent(name === '' ? 'message' : name, whole)
  }
}
