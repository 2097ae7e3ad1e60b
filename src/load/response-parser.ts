/**
 * One HTTP/1.1 answer out of the bytes of a connection, however they are cut. Written by hand because the measurer must
 * know exactly how far an answer had come when the connection broke, and because it costs a fraction of a client
 * library. Strict where laxness could turn a broken answer into a whole one.
 */
import { ChunkedBody } from './chunked-body.ts'

const MAX_HEAD_BYTES = 64 * 1024
const PREFIX = 'HTTP/1.'

/** For what a protocol on top wants to know besides; the parser itself keeps next to nothing. */
export interface AnswerTap {
  onField(name: string, value: string): void
  onContent(bytes: Buffer, from: number, to: number): void
}

export type ParserState = 'headers' | 'body' | 'complete' | 'malformed'
type Framing =
  { kind: 'length'; left: number } | { kind: 'chunked'; body: ChunkedBody } | { kind: 'until-close' }

export class ResponseParser {
  state: ParserState = 'headers'
  status: number | null = null
  /** May the connection carry another request after this answer? */
  keepAlive = false
  /** Headers `x-pod` and `x-request-id`; null when the server does not send them. */
  servedBy: string | null = null
  requestId: string | null = null
  /** The body, if it was asked for. */
  body = ''
  /** What was wrong, once the state is `malformed`. */
  malformedPart = ''
  #head = ''
  #framing: Framing = { kind: 'until-close' }
  #keepBody = false
  readonly #tap: AnswerTap | null

  constructor(tap: AnswerTap | null = null) {
    this.#tap = tap
  }

  begin(keepBody: boolean): void {
    this.state = 'headers'
    this.status = null
    this.servedBy = null
    this.requestId = null
    this.body = ''
    this.#head = ''
    this.#keepBody = keepBody
  }

  /** Takes bytes up to the end of the answer; returns how many it took. */
  push(bytes: Buffer, length: number): number {
    let at = 0
    while (at < length && (this.state === 'headers' || this.state === 'body'))
      at = this.state === 'headers' ? this.#readHead(bytes, at, length) : this.#readBody(bytes, at, length)
    return at
  }

  /** The server has closed its side: that ends a body which has no other end. */
  finish(): void {
    if (this.state === 'body' && this.#framing.kind === 'until-close') this.state = 'complete'
  }

  #readHead(bytes: Buffer, at: number, length: number): number {
    const before = this.#head.length
    const text = this.#head + bytes.toString('latin1', at, length)
    if (text.slice(0, PREFIX.length) !== PREFIX.slice(0, text.length))
      return this.#fail('status-line', length)
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end > MAX_HEAD_BYTES || (end === -1 && text.length > MAX_HEAD_BYTES))
      return this.#fail('head-size', length)
    if (end === -1) {
      this.#head = text
      return length
    }
    this.#head = ''
    this.#takeHead(text.slice(0, end).split('\r\n'))
    return at + end + 4 - before
  }

  #takeHead(lines: string[]): void {
    const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(lines[0] ?? '')
    if (statusLine === null) return void this.#fail('status-line', 0)
    const status = Number(statusLine[2])
    // An interim answer (RFC 9110, 15.2): the real one follows.
    if (status < 200 && status !== 101) return
    this.status = status
    const fields = { connection: '', transferEncoding: '', contentLength: null as string | null }
    for (let index = 1; index < lines.length; index++) {
      const line = lines[index] ?? ''
      const colon = line.indexOf(':')
      const name = line.slice(0, Math.max(0, colon)).toLowerCase()
      if (name === '' || /[\s]/.test(name)) return void this.#fail('header', 0)
      const value = line.slice(colon + 1).trim()
      if (name === 'connection') {
        fields.connection += `,${value.toLowerCase()}`
        this.#tap?.onField(name, value)
      } else if (name === 'transfer-encoding') fields.transferEncoding += `,${value.toLowerCase()}`
      else if (name === 'content-length') {
        if (fields.contentLength !== null && fields.contentLength !== value)
          return void this.#fail('content-length', 0)
        fields.contentLength = value
      } else if (name === 'x-pod') this.servedBy = value
      else if (name === 'x-request-id') this.requestId = value
      else this.#tap?.onField(name, value)
    }
    const options = fields.connection.split(',').map(option => option.trim())
    this.keepAlive = !options.includes('close') && (statusLine[1] === '1' || options.includes('keep-alive'))
    this.#frame(fields.transferEncoding, fields.contentLength)
  }

  /** How the end of the body is told (RFC 9112, 6.3). */
  #frame(transferEncoding: string, contentLength: string | null): void {
    this.state = 'body'
    if (this.status === 101) {
      this.state = 'complete'
      this.keepAlive = false
    } else if (this.status === 204 || this.status === 304) {
      this.state = 'complete'
    } else if (transferEncoding !== '') {
      const chunked = transferEncoding.split(',').at(-1)?.trim() === 'chunked'
      this.#framing = chunked ? { kind: 'chunked', body: new ChunkedBody() } : { kind: 'until-close' }
      if (!chunked || contentLength !== null) this.keepAlive = false
    } else if (contentLength !== null) {
      if (!/^\d{1,15}$/.test(contentLength)) return void this.#fail('content-length', 0)
      this.#framing = { kind: 'length', left: Number(contentLength) }
      if (this.#framing.left === 0) this.state = 'complete'
    } else {
      this.#framing = { kind: 'until-close' }
      this.keepAlive = false
    }
  }

  #readBody(bytes: Buffer, at: number, length: number): number {
    const framing = this.#framing
    switch (framing.kind) {
      case 'length': {
        const end = Math.min(length, at + framing.left)
        framing.left -= end - at
        this.#keep(bytes, at, end)
        if (framing.left === 0) this.state = 'complete'
        return end
      }
      case 'until-close':
        this.#keep(bytes, at, length)
        return length
      case 'chunked': {
        const end = framing.body.push(bytes, at, length, (from, to) => this.#keep(bytes, from, to))
        if (framing.body.state === 'complete') this.state = 'complete'
        else if (framing.body.state === 'malformed') this.#fail('chunk', end)
        return end
      }
    }
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    this.#tap?.onContent(bytes, from, to)
    if (this.#keepBody) this.body += bytes.toString('latin1', from, to)
  }

  #fail(part: string, at: number): number {
    this.state = 'malformed'
    this.malformedPart = part
    return at
  }
}
