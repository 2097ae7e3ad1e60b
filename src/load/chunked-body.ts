/** A body in chunks (RFC 9112, 7.1), with extensions and trailers, out of bytes cut anywhere. */
const MAX_LINE_BYTES = 8 * 1024
const MAX_TRAILER_BYTES = 64 * 1024
const LINE_FEED = 10

export class ChunkedBody {
  state: 'size' | 'bytes' | 'bytes-end' | 'trailers' | 'complete' | 'malformed' = 'size'
  #left = 0
  #line = ''
  #trailerBytes = 0

  /** Takes bytes from `at`, up to the end of the body; tells `keep` which are content; returns where it stopped. */
  push(bytes: Buffer, at: number, length: number, keep: (from: number, to: number) => void): number {
    while (at < length && this.state !== 'complete' && this.state !== 'malformed') {
      if (this.state !== 'bytes') {
        at = this.#readLine(bytes, at, length)
        continue
      }
      const end = Math.min(length, at + this.#left)
      keep(at, end)
      this.#left -= end - at
      if (this.#left === 0) this.state = 'bytes-end'
      at = end
    }
    return at
  }

  #readLine(bytes: Buffer, at: number, length: number): number {
    const found = bytes.indexOf(LINE_FEED, at)
    const end = found === -1 || found >= length ? length : found + 1
    this.#line += bytes.toString('latin1', at, end)
    if (this.#line.length > MAX_LINE_BYTES) this.state = 'malformed'
    else if (this.#line.endsWith('\n')) this.#takeLine()
    return end
  }

  #takeLine(): void {
    const whole = this.#line.endsWith('\r\n')
    const line = this.#line.slice(0, -2)
    this.#line = ''
    if (!whole) {
      this.state = 'malformed'
    } else if (this.state === 'size') {
      const size = /^([0-9a-fA-F]+)[ \t]*(?:;.*)?$/.exec(line)
      this.#left = Number.parseInt(size?.[1] ?? '0', 16)
      if (size === null || !Number.isSafeInteger(this.#left)) this.state = 'malformed'
      else this.state = this.#left === 0 ? 'trailers' : 'bytes'
    } else if (this.state === 'bytes-end') {
      this.state = line === '' ? 'size' : 'malformed'
    } else if (line === '') {
      this.state = 'complete'
    } else {
      this.#trailerBytes += line.length
      if (this.#trailerBytes > MAX_TRAILER_BYTES) this.state = 'malformed'
    }
  }
}
